"""Train the towers of matching: videos and music in one space."""
