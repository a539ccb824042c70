"""Songs of a stream: ffmpeg -i URL -f s16le -ac 1 -ar 16000 - | python live_songs.py"""

import sys

import edge

with edge.StreamInput(sys.argv[1]) if sys.argv[1:] else edge.PcmInput(sys.stdin.buffer) as source:
    for song in edge.live_songs(source):
        print(f"a song of {song.seconds:.0f} s, from {song.start:.1f} to {song.end:.1f} s", flush=True)
