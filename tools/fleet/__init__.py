"""Analyze folders of recordings on many processes or machines."""
