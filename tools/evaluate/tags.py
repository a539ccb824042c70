"""Tags of real videos against those that people gave them, by what is known of a video."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.evidence.networks import BEST_ENCODER
from edge.media import open_recording
from edge.models.arithmetic import describe
from edge.models.packages import is_installed
from edge.networks.image_encoder import ImageEncoder
from edge.networks.tag_towers import VideoInput
from edge.networks.text_encoder import TextEncoder
from edge.tagging.inputs import text_vector, video_input
from edge.tagging.library import STARTER, TagLibrary
from edge.tagging.names import distinct, folded, read_names
from edge.tagging.networks import TagNetworks
from edge.vocabulary import LABELS
from tools.evaluate.tag_scores import FIRST, Ranking, average_precision, judged
from tools.progress import each

RANKED = 300
"""Tags of which the average precision is taken."""

FEWER = 1000
"""Tags of the smaller library: those of the videos, and others by chance."""

CLASSES = 10
"""Classes of an image that zero-shot tagging uses, the most likely ones (ConSE, Norouzi et al. 2014)."""

LABEL_TEXTS = ("singing", "talking", "music", "noise")
"""What the segmenter's labels are called in zero-shot tagging."""

LEARNED = Path(__file__).parents[2] / "tools/train/tagging/float/learned.txt"
"""Tags that the towers have learned, of a checkout."""


@dataclass(frozen=True)
class Video:
    """A video with its tags."""

    path: Path
    title: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A video as some way of tagging places it."""

    place: Floats
    """float32[size]."""
    trained: bool
    """In the space of the towers, not of the text encoder."""


def evaluate(
    data: Path,
    *,
    encoders: Sequence[str | Path] | None = None,
    towers: str | Path | None = None,
    texts: str | Path | None = None,
) -> dict[str, Any]:
    """Compare image encoders; the default is that of `edgereel[tags]`, if installed, and the one that ships.

    Keys: `rows`, `unseen`, `fewer`, `worst`, `videos`, `library`, `encoder`, `arithmetic`.

    A row has recall_at_5, recall_interval (95 %, bootstrap over videos), map, soft_recall_at_5 (tags of
    nearly the same meaning count), precision_at_3, videos. Rows of all videos without titles: image, audio,
    faces, fused, zero_shot (image classes through the text encoder), zero_shot_audio; of those with a title:
    title, fused_titled, zero_shot_title, zero_shot_titled; of all with what titles there are: fused_all.
    Rows of the encoders after the first have its name before them. `unseen` has the same rows, and only tags
    count that the towers have not learned; `fewer` has them against `FEWER` tags. Raises InputError without
    videos, ModelError if a model is missing.
    """
    videos = read_videos(data)
    encoders = encoders or [*([BEST_ENCODER] if is_installed(BEST_ENCODER) else []), ImageEncoder.default]
    names = distinct([*(tag for video in videos for tag in video.tags), *read_names(STARTER)])
    given = [video.tags for video in videos]
    unseen = [_unseen(tags) for tags in given]
    similar = _similarities(names, texts)
    result: dict[str, Any] = {"rows": {}, "unseen": {}, "fewer": {}}
    for number, encoder in enumerate(encoders):
        with TagNetworks(encoder, towers=towers, texts=texts) as networks:
            queries = _queries(videos, networks)
            ranked = _ranked(queries, names, networks)
            fewer = _ranked(queries, _fewer(names, videos), networks)
        prefix = f"{Path(encoder).name}:" if number else ""
        for row, rankings in ranked.items():
            result["rows"][prefix + row] = judged(rankings, given, similar)
            result["unseen"][prefix + row] = judged(rankings, unseen, similar)
            result["fewer"][prefix + row] = judged(fewer[row], given, similar)
        if number == 0:
            result |= {"encoder": Path(encoder).name, "worst": _worst(ranked["fused_all"], videos)}
    result |= {"videos": len(videos), "library": len(names)}
    return result | {"arithmetic": describe()}


def read_videos(data: Path) -> list[Video]:
    """Return the tagged videos of a pack. Raises InputError if it has none."""
    videos = []
    for table in (data / "tagvideos/manifest.csv", data / "video/manifest.csv"):
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as rows:
                for row in csv.DictReader(rows):
                    tags = distinct(tag for tag in row["tags"].split(";") if tag.strip())
                    videos.append(Video(data / row["path"], (row.get("title") or "").strip(), tags))
    if not videos:
        raise InputError(data, "has no tagged videos: neither tagvideos/ nor video/ with a manifest.csv")
    return videos


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    lines = [
        f"{result['videos']} videos, {result['library']} tags, {result['encoder']}; {result['arithmetic']}",
        f"{'':28}{'recall@5':>9}{'95 %':>13}{'soft':>7}{'mAP':>7}{'P@3':>7}{'videos':>8}{'unseen':>8}"
        f"{f'of {FEWER}':>9}",
    ]
    for name, row in result["rows"].items():
        low, high = row["recall_interval"]
        lines.append(
            f"{name:28}{row['recall_at_5']:9.3f}{low:7.2f}-{high:.2f}{row['soft_recall_at_5']:8.3f}"
            f"{row['map']:7.3f}{row['precision_at_3']:7.3f}{row['videos']:8}"
            f"{result['unseen'][name]['recall_at_5']:8.3f}{result['fewer'][name]['recall_at_5']:9.3f}"
        )
    lines += ["", "worst, with the titles that there are:"]
    lines += [f"  {one['video']}: {one['found']}; given: {one['given']}" for one in result["worst"]]
    return "\n".join(lines)


def _fewer(names: Sequence[str], videos: Sequence[Video]) -> list[str]:
    """Return the tags of the videos, and others by chance, `FEWER` together."""
    theirs = {folded(tag) for video in videos for tag in video.tags}
    kept = [name for name in names if folded(name) in theirs]
    others = [name for name in names if folded(name) not in theirs]
    order = np.random.default_rng(0).permutation(len(others))
    return [*kept, *(others[index] for index in order[: max(0, FEWER - len(kept))])]


def _queries(videos: Sequence[Video], networks: TagNetworks) -> dict[str, list[Query | None]]:
    """Place every video in every way; None where a way has nothing to go by."""
    class_vectors = networks.texts.encode([label.split(",")[0] for label in networks.encoder.labels])
    label_vectors = networks.texts.encode(LABEL_TEXTS)
    rows: dict[str, list[Query | None]] = {}
    for video in each(videos, f"{networks.encoder.folder.manifest.id}: videos"):
        excerpts = collect_excerpts(open_recording(video.path), networks.excerpts)
        for name, given in _inputs(video, excerpts, networks).items():
            rows.setdefault(name, []).append(_placed(given, networks))
        for name, query in _zero_shot(video, excerpts, networks, class_vectors, label_vectors).items():
            rows.setdefault(name, []).append(None if query is None else Query(query, trained=False))
    return rows


def _ranked(
    queries: dict[str, list[Query | None]], names: Sequence[str], networks: TagNetworks
) -> dict[str, list[Ranking | None]]:
    """Rank the tags of a library for every query."""
    placed, plain = TagLibrary.of(names, networks), TagLibrary.of(names, networks.texts)
    diversity = networks.towers.parameters.diversity

    def rank(query: Query | None) -> Ranking | None:
        if query is None:
            return None
        library = placed if query.trained else plain
        first = library.nearest(query.place, FIRST, diversity=diversity if query.trained else 0.0)
        ranked = library.nearest(query.place, RANKED)
        return Ranking(tuple(near.tag for near in first), tuple(near.tag for near in ranked))

    return {name: list(map(rank, row)) for name, row in queries.items()}


def _inputs(video: Video, excerpts: Excerpts, networks: TagNetworks) -> dict[str, VideoInput | None]:
    """Return what the video tower is given, by row."""
    untitled = video_input(excerpts, networks)
    text = text_vector(video.title, (), networks.texts)
    titled = None if text is None else replace(untitled, text=text)
    return {
        "image": replace(untitled, audio=None, faces=None),
        "audio": replace(untitled, image=None, light=None, faces=None),
        "faces": replace(untitled, image=None, light=None, audio=None),
        "fused": untitled,
        "fused_all": titled or untitled,
        "title": None if titled is None else VideoInput(text=text),
        "fused_titled": titled,
    }


def _zero_shot(
    video: Video, excerpts: Excerpts, networks: TagNetworks, classes: Floats, labels: Floats
) -> dict[str, Floats | None]:
    """Return vectors in the space of the text encoder, by row."""
    assert len(LABELS) == len(labels)
    pooled = excerpts.classes.mean(axis=0) if len(excerpts.classes) else None
    image = None
    if pooled is not None:
        best = np.argsort(-pooled)[:CLASSES]
        image = _unit(pooled[best] @ classes[best])
    heard = excerpts.audio[~np.isnan(excerpts.audio).any(axis=1)]
    audio = _unit(np.exp(heard[:, -len(LABELS) :]).mean(axis=0) @ labels) if len(heard) else None
    title = networks.texts.encode([video.title])[0] if video.title else None
    both = title if title is None or image is None else _unit(title + image)
    return {
        "zero_shot": image, "zero_shot_audio": audio, "zero_shot_title": title, "zero_shot_titled": both,
    }  # fmt: skip


def _placed(given: VideoInput | None, networks: TagNetworks) -> Query | None:
    if given is None or not given.present.any():
        return None
    return Query(networks.towers.video(given)[0], trained=True)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _similarities(names: Sequence[str], texts: str | Path | None) -> dict[str, Floats]:
    """Return the text vector of each name."""
    with TextEncoder(texts) as encoder:
        return dict(zip(map(folded, names), encoder.encode(list(names)), strict=True))


def _unseen(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that the towers have not learned."""
    known = {*read_names(LEARNED)} if LEARNED.is_file() else set()
    return tuple(tag for tag in tags if folded(tag) not in known)


def _worst(rankings: Sequence[Ranking | None], videos: Sequence[Video]) -> list[dict[str, str]]:
    """Return the ten videos whose tags rank last."""
    scored = [
        (
            average_precision(ranking.ranked, [folded(tag) for tag in video.tags]),
            video.path.name,
            ranking,
            video,
        )
        for ranking, video in zip(rankings, videos, strict=True)
        if ranking is not None and video.tags
    ]
    scored.sort(key=lambda one: one[:2])
    return [
        {"video": name, "found": ", ".join(ranking.first), "given": ", ".join(video.tags)}
        for _, name, ranking, video in scored[:10]
    ]
