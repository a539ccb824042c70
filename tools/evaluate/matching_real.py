"""Matching of real videos: with their own sound among other music, and what is picked for them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import EdgeError
from edge.evidence.excerpts import collect_excerpts
from edge.evidence.motion.collect import collect_motion
from edge.evidence.options import MotionOptions
from edge.matching.analysis import analyze_track
from edge.matching.features import sound_features, video_features
from edge.matching.networks import MatchNetworks
from edge.media import open_recording
from edge.networks.match_towers import MatchTowers, TrackFeatures
from edge.networks.text_encoder import TextEncoder
from tools.evaluate.matching_films import Library
from tools.progress import each

MUSIC = 0.6
"""Share of a video's own sound that must be music or singing for it to count as published with music."""

FIRST = 3
"""Tracks that are described."""


def published(data: Path, places: Floats, network: MatchTowers, texts: TextEncoder) -> dict[str, Any]:
    """Rank the own sound of videos with music for their frames and motion, among it and the library."""
    ranks = []
    with MatchNetworks() as networks:
        for file in each(_videos(data), "published videos"):
            recording = open_recording(file)
            if not recording.audio:
                continue
            try:
                own = analyze_track(recording, networks.segmenter, networks.tagger)
            except EdgeError:
                continue
            if own.music >= MUSIC and own.rhythm.duration_s >= 3:
                place = _place(file, networks, network, texts, [])
                score = network.track(TrackFeatures(sound_features(own))) @ place
                ranks.append(1 + int((places @ place > score).sum()))
    if not ranks:
        return {}
    at = np.array(ranks)
    return {
        "videos": len(at),
        "median_rank": float(np.median(at)),
        "recall_at_5": round(float((at <= 5).mean()), 4),
        "mean_share_of_better": round(float((at - 1).mean() / len(places)), 4),
        "of": len(places) + 1,
    }


def described(
    data: Path, music: Library, places: Floats, network: MatchTowers, texts: TextEncoder, *, count: int
) -> list[dict[str, Any]]:
    """Return the first tracks for videos of the pack, by their frames, motion and the tags of the pack."""
    if not count:
        return []
    rows = []
    with MatchNetworks() as networks:
        videos = _videos(data)
        for file in each(videos[:: max(1, len(videos) // count)][:count], "described videos"):
            about = _tags(data).get(file.name, [])
            place = _place(file, networks, network, texts, about)
            best = np.argsort(-(places @ place))[:FIRST]
            rows.append({
                "video": file.name,
                "about": ", ".join(about[:4]),
                "tracks": [_said(music, int(row)) for row in best],
            })  # fmt: skip
    return rows


def _place(
    file: Path, networks: MatchNetworks, network: MatchTowers, texts: TextEncoder, words: list[str]
) -> Floats:
    recording = open_recording(file)
    motion, _ = collect_motion(recording, MotionOptions(fast=True))
    excerpts = collect_excerpts(recording, networks.excerpts)
    return network.video(video_features(excerpts, motion, words, networks.names, texts))


def _videos(data: Path) -> list[Path]:
    return [data / "tagvideos" / name for name in sorted(_tags(data))]


def _tags(data: Path) -> dict[str, list[str]]:
    """Return the tags of the pack's videos, by file name; none if it has no videos."""
    table = data / "tagvideos/manifest.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as rows:
        return {Path(row["path"]).name: row["tags"].split(";") for row in csv.DictReader(rows)}


def _said(music: Library, row: int) -> str:
    analysis, character = music.analyses[row], music.characters[row]
    moods = "/".join(character.moods) or "?"
    key = "" if analysis.key is None else f" {analysis.key.name}"
    return f"{Path(music.names[row]).stem} ({moods}, {analysis.rhythm.tempo:.0f} bpm{key})"
