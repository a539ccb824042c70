"""Evidence: results of audio and video analysis, computed once per recording and shared by all systems.

`collect` decodes a recording once and pushes its audio to collectors: `labels` (label tracks) and
`transcription` (transcripts), which uses `speech`; `motion` does so with video frames. A collector has
`accept` for each block, `finish`, and then a `result`; microphones use the same loop.
"""
