"""Compose music for a video, then ask for a denser one: python compose_music.py video.mp4 with-music.mp4"""

import sys
from dataclasses import replace

import edge

media, target = sys.argv[1:3]
music = edge.compose_music(media, edge.MusicOptions(mood="calm", seed=7))
denser = edge.refine_music(music, replace(music.options, denser=1), keep=[1])  # all but the first section
written = edge.write_music(denser, target)
for section in denser.to_dict()["sections"]:
    print(f"{section['start']:6.1f} s {section['part']:8} density {section['density']:.1f}")
print(f"{written.loudness_lufs:.1f} LUFS, {denser.cuts_on_beat:.0%} of the cuts on strong beats")
