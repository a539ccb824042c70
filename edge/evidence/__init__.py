"""Evidence: what is perceived in a recording, computed once and handed to any number of systems.

`collect` decodes a recording once and pushes its audio to collectors: `labels` (what kind of audio it is) and
`transcript` (what is said), which uses `speech`. A collector accepts blocks, is finished, and has a result; a
microphone is pushed through the same loop.
"""
