"""Compiled kernels for signals, texts, labels and images.

They need NumPy, and numba only if no library is compiled. `mel`, `text`, `labels`, `audio` and `images` are
the Python API; `edge_kernels.h` is the C interface below them; `native/` holds the kernels; `library` loads
their machine code. README.md shows how to add a kernel.
"""
