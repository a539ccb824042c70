"""Quick cut: mark blanks, fillers and repeated takes in a transcript, and render the recording without them.

`clean` is the entry point; `marks` uses `fillers` and `repeats`, `cuts` places the cut points.
"""
