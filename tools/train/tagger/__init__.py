"""Train the music tagger: a small network that says of music what a large one says."""
