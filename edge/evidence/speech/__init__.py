"""From audio with labels to words: speech in chunks, recognizers, the times of words, filled pauses."""
