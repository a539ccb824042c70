"""Songs and captions of one file from one decode: python one_pass.py show.mp4"""

import sys

import edge

recording = edge.open_recording(sys.argv[1])
labels = edge.LabelCollector(edge.Segmenter())
transcript = edge.TranscriptCollector(labels, edge.open_recognizer())
edge.collect(recording, [labels, transcript])

songs = edge.find_songs(recording, labels=labels.result)
captions = edge.transcribe(recording, transcript=transcript.result)
print(f"{len(songs)} songs, {len(captions)} captions")
