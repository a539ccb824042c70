"""Say who sings in a video, and draw it: python face_evidence.py concert.mp4 why.mp4"""

import sys

import edge

media, drawn = sys.argv[1:]
result = edge.find_songs(media)
evidence = result.evidence
print(f"based on {evidence.used}: {evidence.why}; {evidence.changed} labels changed")
for burst in evidence.faces.bursts if evidence.faces else ():
    lips = [f"lips {face.producing:.2f}, fits {face.synchrony:.2f}" for face in burst.faces]
    print(f"{burst.times_s[0]:.1f} s: {'; '.join(lips) or 'nobody'}")
edge.write_debug_video(result, drawn)
