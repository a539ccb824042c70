"""Training of the face detector: frames and images -> two networks -> exported model folder."""
