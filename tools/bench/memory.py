"""Peak memory of fresh processes: whether it is small, and whether it stays so in long recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median

from tools.bench import isolated
from tools.bench.accuracy import song_error
from tools.bench.material import Material
from tools.bench.rows import Row


def rows(short: Material, long: Sequence[Material], rounds: int) -> list[Row]:
    """Rows of `edge songs FILE --json` in fresh processes; the ratio is the short file's memory to each.

    FFmpeg holds an MP4's index as long as the file is open, some 45 bytes a packet; Matroska has hardly one
    and shows what is ours.
    """
    items = [short, *long]
    runs = [[isolated.edge("songs", str(item.file), "--json") for item in items] for _ in range(rounds)]
    found = []
    for item, again in zip(items, zip(*runs, strict=True), strict=True):
        songs = [[song["start"], song["end"]] for song in json.loads(again[-1].output)["songs"]]
        error, detail = song_error(item.songs, songs)
        found.append(
            Row(
                name=f"fresh process, {item.seconds / 60:.0f} min AAC in {item.file.suffix}",
                peer="memory of the short file",
                ratio=median(
                    first.megabytes / run.megabytes for (first, *_), run in zip(runs, again, strict=True)
                ),
                seconds=median(run.seconds for run in again),
                error=error,
                error_is="1 - F1 of songs",
                megabytes=median(run.megabytes for run in again),
                detail=detail,
            )
        )
    return found
