"""Compiled kernels: arrays in, arrays out. They import NumPy, and numba where nothing is compiled yet.

`mel`, `text`, `labels` and `sound` are what Python calls; `edge_kernels.h` is the interface below them, for C
too; `native/` holds the kernels themselves; `library` finds their machine code. README.md shows how to add
one.
"""
