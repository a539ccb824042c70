"""Models from elsewhere: weights of an installed package or a given file, made a folder of the store."""
