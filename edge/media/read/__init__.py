"""Read media files: probe, decode audio, fetch video frames."""
