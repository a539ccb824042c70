"""Compiled kernels for signals, sounds, texts, labels, images, motion and vectors.

They need NumPy, and numba only if no library is compiled. `mel`, `text`, `labels`, `audio`, `synthesis`,
`mixing`, `images`, `motion` and `vectors` are the Python API; `edge_kernels.h` is the C interface below them;
`native/` holds the kernels; `library` loads their machine code. README.md shows how to add a kernel.
"""
