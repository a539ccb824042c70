"""How fast and how small: rows of ours beside peers, each speed with its accuracy."""
