"""Find the songs of a recording and cut them out: python find_songs.py concert.mp4 songs/"""

import sys

import edge

media, folder = sys.argv[1:]
result = edge.find_songs(media)
for number, song in enumerate(result, 1):
    print(f"{number}: {song.start:.1f} s to {song.end:.1f} s, confidence {song.confidence:.0%}")
for clip in edge.cut_songs(result, folder):
    print(clip.file)
