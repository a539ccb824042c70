"""Transcribe a talk to subtitles: python captions.py talk.mp4 talk.srt"""

import sys

import edge

media, file = sys.argv[1:]
result = edge.transcribe(media, cache=edge.Cache())
edge.write_captions(result, file)
for caption in result:
    print(f"{caption.start:7.2f}  {caption.text}")
