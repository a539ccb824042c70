"""Training of the segmenter: corpus -> composed scenes -> network -> fusion -> exported model folder."""

from pathlib import Path

FLOAT = Path(__file__).parent / "float"
"""Folder of the float model that the last training gave."""
