"""Song detection: find where somebody sings in a recording, and cut one clip per song.

`find` is the entry point, `detection` turns a label track into songs by the `rules`, `options` holds the
settings, `cut` writes the clips, `export` writes chapters and cue sheets. Label tracks come
from `edge.evidence.labels`.
"""
