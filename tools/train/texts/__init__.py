"""Training of the text encoder: a teacher's vectors of words and phrases, learned by a small network."""
