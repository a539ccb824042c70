"""Compiled kernels: arrays in, arrays out. They import numpy and numba only, never `edge`."""
