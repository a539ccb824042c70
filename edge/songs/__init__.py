"""Songs in recordings: find where somebody sings, and cut one clip per song.

`find` is the entry, `detection` turns a label track into songs by the `rules`, `options` holds every choice,
`cut` writes the clips, `export` chapters and cue sheets, `plot` draws. The labels are `edge.evidence.labels`.
"""
