"""Bundles of networks, kernels and test vectors for apps."""
