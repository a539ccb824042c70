"""Written language: scripts, sentences, lines, numbers, times."""
