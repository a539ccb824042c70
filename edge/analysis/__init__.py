"""What several systems find together: the analysis of a recording, and of audio while it arrives."""
