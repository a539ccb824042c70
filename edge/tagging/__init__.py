"""Tags for videos: a library of tags as vectors, and which of them are nearest to a video."""
