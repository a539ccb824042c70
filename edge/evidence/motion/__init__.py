"""Motion and scene transitions of a video, from one decode of all its frames, small and gray.

`collect` decodes and pushes frames to a collector; `measures` compares each with the one before; `blends`
finds dissolves; `transitions` decides on cuts and fades at the end; `track` is the result.
"""
