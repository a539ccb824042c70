"""The workstation side: training, evaluation, benchmarks. Imports `edge`, never the reverse."""
