"""Videos that `python -m tools.bench tags` repeats."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from edge.media import probe
from tests.media.makers import Recipe, make
from tools.bench.tag_videos import LOOP_S, REST_S, repeated


def test_a_minute_is_repeated_by_its_packets(tmp_path: Path) -> None:
    short = make(tmp_path / "short.mp4", Recipe(seconds=2))
    long = repeated(short, 3)
    assert repeated(short, 3) == long
    assert probe(long).duration_s == pytest.approx(2 * (LOOP_S + REST_S) + 2, abs=0.2)
    with av.open(str(short)) as one, av.open(str(long)) as three:
        counts = [sum(1 for _ in container.decode(video=0)) for container in (one, three)]
    assert counts[1] == 3 * counts[0]
