"""Convert labeled audio to words: speech chunks, recognizers, word alignment, filled pauses."""
