"""Everything about one file from one decode of each stream: python one_pass.py show.mp4 report"""

import sys

import edge

analysis = edge.analyze(sys.argv[1], cache=edge.Cache())
files = edge.write_analysis(analysis, sys.argv[2])
songs, tags = analysis.songs or (), analysis.tags or ()
print(f"{len(songs)} songs, {len(tags)} tags; open {files[0]}")
