"""Pick music for a video from a folder, and add it: python match_music.py video.mp4 music/ with-music.mp4"""

import sys

import edge

media, folder, target = sys.argv[1:4]
with edge.MatchNetworks() as networks:
    index = edge.index_music(folder, networks)  # only what is new is analyzed
    result = edge.match_music(media, index, options=edge.MatchOptions(count=3), networks=networks)
for track in result:
    rhythm = track.analysis.rhythm
    print(f"{track.similarity:.2f} {track.path.name}: {rhythm.tempo:.0f} bpm, {', '.join(track.tags)}")
best = result.tracks[0]
added = edge.add_music(media, best.path, target, arrangement=best.arrangement)
print(f"{added.loudness_lufs:.1f} LUFS, from {added.arrangement.parts[0].start:.1f} s of {best.path.name}")
