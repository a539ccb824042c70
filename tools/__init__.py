"""The workstation side: training, evaluation, benchmarks. Imports `edge`, never the reverse."""

from edge import offline as _offline  # noqa: F401 - before any dependency is imported
