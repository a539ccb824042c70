"""`edge tag` on 720p videos of 2 minutes to 2 hours: time for each frame that is examined, and memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from edge.errors import InputError
from edge.files import whole_file
from edge.media import open_container
from tools.bench import isolated
from tools.bench.rows import Row, compared
from tools.evaluate.tags import read_videos
from tools.progress import tell

MINUTES = (2, 10, 120)
SIZE, FPS, RATE_HZ = (1280, 720), 25, 48_000

LOOP_S = 60
"""Seconds of the video that is repeated."""

REST_S = 1
"""Seconds from one repetition to the next, in which the last frame stays."""

ROUNDS = 3


def video_rows(data: Path, cache: Path, minutes: tuple[int, ...] = MINUTES) -> list[Row]:
    """Return a row for each length; its ratio is that of the time for a frame to the first one's.

    Raises InputError if `data` has no tagged videos.
    """
    files = {length: repeated(loop(data, cache), length) for length in minutes}
    runs: dict[int, list[isolated.Run]] = {length: [] for length in minutes}
    for _ in range(ROUNDS):
        for length, file in files.items():
            tell(f"edge tag, {length} min")
            command = ("tag", str(file), "--json", "--threads", "2", "--title", "")
            runs[length].append(isolated.edge(*command, cores=2))
    rows, each = [], {}
    for length, laps in runs.items():
        frames = json.loads(laps[-1].output)["frames"]
        each[length] = [lap.seconds / frames for lap in laps]
        rows.append(
            compared(
                f"edge tag, {length} min of 720p, 2 cores, a frame",
                f"{minutes[0]} min",
                each[length],
                each[minutes[0]],
                error=0.0,
                error_is="none",
                megabytes=median(lap.megabytes for lap in laps),
                detail=f"{frames} frames, {median(lap.seconds for lap in laps):.2f} s, the whole process",
            )
        )
    return rows


def loop(data: Path, cache: Path) -> Path:
    """Return a minute of 720p from videos of a pack, with a tone; it is made once."""
    target = cache / "tagged-720p.mp4"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        tell("encoding a minute of 720p")
        with whole_file(target) as draft, av.open(str(draft), "w", format="mp4") as out:
            video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
            video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
            audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
            for frame in _frames(data):
                out.mux(video.encode(frame))
            for sound in _tone():
                out.mux(audio.encode(sound))
            out.mux(video.encode(None))
            out.mux(audio.encode(None))
    return target


def repeated(short: Path, minutes: int) -> Path:
    """Return a video that repeats a minute, by copying packets; it is made once."""
    target = short.with_stem(f"{short.stem}-{minutes}")
    if target.exists():
        return target
    with whole_file(target) as draft, av.open(str(draft), "w", format="mp4") as out:
        with open_container(short) as source:
            copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for number in range(minutes):
            with open_container(short) as source:
                for packet in source.demux():
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        ticks = round(number * (LOOP_S + REST_S) / packet.time_base)
                        packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                        packet.stream = copies[packet.stream_index]
                        out.mux(packet)
    return target


def _frames(data: Path) -> Iterator[VideoFrame]:
    """Yield a minute of frames of the pack's videos, one video after the other."""
    number = 0
    for video in read_videos(data):
        with open_container(video.path) as container:
            for decoded in container.decode(video=0):
                frame = decoded.reformat(*SIZE, format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
                yield frame
                number += 1
                if number == LOOP_S * FPS:
                    return
    raise InputError(data, f"has not {LOOP_S} s of tagged videos")


def _tone() -> Iterator[AudioFrame]:
    samples = 0.2 * np.sin(2 * np.pi * 220 * np.arange(LOOP_S * RATE_HZ) / RATE_HZ)
    for start in range(0, len(samples), 1024):
        part = np.ascontiguousarray(samples[None, start : start + 1024], np.float32)
        frame = AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.rate, frame.pts = RATE_HZ, start
        yield frame
