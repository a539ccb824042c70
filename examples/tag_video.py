"""Tag a video with words of your own: python tag_video.py video.mp4 [title]"""

import sys

import edge

media, title = sys.argv[1], " ".join(sys.argv[2:])
with edge.TagNetworks(cache=edge.Cache()) as networks:
    library = edge.open_library(None, networks, cache=edge.Cache())  # or Path("my tags.txt")
    library = library.add(["our school concert", "rehearsal"], networks)
    result = edge.tag(media, library=library, title=title, networks=networks)
for tag in result:
    print(f"{tag.similarity:.2f}  {tag.name}")
print("counted:", ", ".join(f"{name} {weight:.0%}" for name, weight in result.gate.items() if weight))
