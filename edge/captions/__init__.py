"""Captions and quick cut: speech to captions, marks on what is worth removing, and the cut without it."""
