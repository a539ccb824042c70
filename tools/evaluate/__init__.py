"""Scores on recordings that no training has seen. Imports no training code."""
