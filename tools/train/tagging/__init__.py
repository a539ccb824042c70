"""Train the towers of the tagger: videos and tags in one space."""
