"""Inspect network files before a runtime loads them: operators, sizes, inputs."""
