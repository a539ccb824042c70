"""Synthetic sound whose truth is known exactly: instruments, songs, singing, speech, crowds, a sample video.

`synth` renders notes, `melody` finds or composes them, `voice` speaks and sings, `crowd` claps and
murmurs, `sample` puts them together into the recording of `make demo`. All randomness comes from the
`numpy.random.Generator` that is passed in: the same seed gives the same samples.
"""
