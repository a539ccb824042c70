"""Captions: the transcript of a recording in portions that can be read, as files and live.

`transcribe` is the entry, `layout` splits sentences, `subtitles` writes files, `live` follows a microphone.
The transcript itself is `edge.evidence.transcript`.
"""
