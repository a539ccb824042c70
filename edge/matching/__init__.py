"""Background music from a folder: rank its tracks for a video, and add one to it."""
