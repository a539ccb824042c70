"""Label audio and write a label track for Audacity: python label_audio.py concert.mp4 labels.txt"""

import sys

import edge

media, file = sys.argv[1:]
result = edge.label(media)
for label, seconds in result.totals.items():
    print(f"{label}: {seconds:.0f} s")
edge.write_labels(result, file)
