"""Render templates: loops of chords and base in several styles, from patterns written here; add a user's own.

`styles_*` are data, `harmony` and `playing` turn them into notes, `sampler`, `synths` and `drums` into sound,
`treat` and `render` into two tracks, `folder` into a templates folder. `loops` reads recorded ones.
"""
