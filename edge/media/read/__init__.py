"""Read media files: probe, decode audio, read video frames."""
