"""Compiles the kernels ahead of time: one small library for each kind of CPU."""
