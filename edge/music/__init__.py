"""Music for a video: notes by a network, over templates."""
