"""Clean a talk, but keep some fillers: python clean_talk.py talk.mp4 clean.mp4 well like"""

import sys
from dataclasses import replace

import edge

media, file, *kept = sys.argv[1:]
options = edge.CleanOptions(marks=edge.MarkOptions(level=edge.Level.MEDIUM))
plan = edge.plan_clean(media, options)
for item in plan.items:
    if item.remove:
        print(f"{item.start:7.2f} to {item.end:7.2f}  {item.kind}  {item.text}")
wanted = [item for item in plan.items if item.text.strip(",.").lower() in kept]
cuts = [cut for cut in plan.cuts if not any(cut.start <= item.start < cut.end for item in wanted)]
whole = edge.plan_clean(media, edge.CleanOptions(marks=edge.MarkOptions(level=edge.Level.OFF)),
                        transcript=plan.transcript)  # fmt: skip
timeline = whole.timeline.cut((cut.start, cut.end) for cut in cuts)
result = edge.clean(replace(plan, cuts=tuple(cuts), timeline=timeline), file)
print(f"{result.file}: {result.plan.kept_s:.1f} s left, {result.plan.removed_s:.1f} s removed")
