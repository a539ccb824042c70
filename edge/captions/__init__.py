"""Captions: the transcript of a recording, split into readable captions, as files and live.

`transcribe` is the entry point, `layout` splits sentences, `files` and `subtitles` write files, `live` reads
a microphone. Transcripts come from `edge.evidence.transcript`.
"""
