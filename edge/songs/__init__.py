"""Songs in recordings: find where somebody sings, and cut one clip per song.

`recording` is the whole job, media to files; `songs` turns the segmenter's evidence into songs by the
`rules`, one function each; `settings` holds every choice; `plot` draws it. Confidences come from
`edge.networks.segmenter`. Evidence from the picture (faces, lips) joins as more features of its fusion.
"""
