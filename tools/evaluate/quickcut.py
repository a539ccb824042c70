"""Quick cut on talks composed of a pack: which blanks, fillers and repeats are found, and what is left."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.captions.transcribe import transcribe
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import clean, plan_clean
from edge.quickcut.marks import Item, Kind
from edge.vocabulary import Caption, Span
from tools.evaluate import takes
from tools.evaluate.pack import RATE_HZ
from tools.evaluate.recognition import edits, words
from tools.evaluate.talks import talks
from tools.progress import each
from tools.sound.wave import write_wav

KINDS = (Kind.BLANK, Kind.FILLER, Kind.REPEAT)
TALKS = 16
APART_S = {Kind.BLANK: 0.0, Kind.FILLER: 0.05, Kind.REPEAT: 1.0}
"""Marks of a kind with less between them are one: sentences of a take, parts of a hum."""

IOU = 0.5
"""An item is found if it covers this share of what both cover."""


def evaluate(
    data: Path, *, count: int = TALKS, seed: int = 0, recognizer: Recognizer | None = None
) -> dict[str, Any]:
    """Talks marked and cleaned.

    Keys: blank, filler, repeat -> precision, recall, found, true, marked; talks; minutes; lost (share of the
    kept words that the cleaned talk, recognized anew, has not, or has otherwise), drift_s (median distance of
    re-timed words to those recognized in the cleaned talk); errors (kind, talk, start, end); sounds -> of
    talks with noises and faint voices in their blanks: minutes, blank (as above), sounding_s, cut_s (how much
    of those was cut), cut (talk, start, end); takes -> of `tools.evaluate.takes`.
    """
    recognizer, segmenter = recognizer or open_recognizer(), Segmenter()
    counts: Counter[tuple[Kind, str]] = Counter()
    errors: list[dict[str, Any]] = []
    seconds, kept_words, wrong, distances = 0.0, 0, 0, list[float]()
    with tempfile.TemporaryDirectory() as scratch:
        for number, talk in enumerate(each(talks(data, count, seed=seed), "talk")):
            file = Path(scratch, f"talk{number}.wav")
            write_wav(file, talk.sound(np.random.default_rng([seed, number])), RATE_HZ)
            found = transcribe(file, recognizer=recognizer, segmenter=segmenter)
            seconds += found.duration_s
            plan = plan_clean(file, transcript=found.transcript)
            for kind in KINDS:
                errors += [{"talk": number, **error} for error in score(kind, plan.items, talk.truth, counts)]
            cleaned = clean(plan, Path(scratch, f"clean{number}.wav"))
            again = transcribe(cleaned.file, recognizer=recognizer, segmenter=segmenter)
            left, heard = _words(cleaned.sentences), _words(again.transcript.sentences)
            kept_words += len(left)
            wrong += sum(edits([text for text, _ in left], [text for text, _ in heard]))
            distances += _distances(left, heard)
    return {
        **{kind.value: _row(kind, counts) for kind in KINDS},
        "talks": count,
        "minutes": seconds / 60,
        "lost": wrong / max(1, kept_words),
        "drift_s": float(np.median(distances)) if distances else None,
        "errors": errors,
        "sounds": _sounds(data, count, seed, recognizer, segmenter),
        "takes": takes.evaluate(data, count=min(60, 4 * count), seed=seed, recognizer=recognizer),
    }


def _sounds(
    data: Path, count: int, seed: int, recognizer: Recognizer, segmenter: Segmenter
) -> dict[str, Any]:
    """What is cut of noises and faint voices between the sentences."""
    counts: Counter[tuple[Kind, str]] = Counter()
    cut: list[dict[str, Any]] = []
    sounding_s = seconds = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for number, talk in enumerate(each(talks(data, count, seed=seed, noisy=True), "noisy talk")):
            file = Path(scratch, f"talk{number}.wav")
            write_wav(file, talk.sound(np.random.default_rng([seed, number])), RATE_HZ)
            plan = plan_clean(file, recognizer=recognizer, segmenter=segmenter)
            seconds += plan.duration_s
            score(Kind.BLANK, plan.items, talk.truth, counts)
            for sound in (span for kind, span in talk.truth if kind is Kind.SOUND):
                sounding_s += sound.seconds
                lost = [
                    Span(max(sound.start, one.start), min(sound.end, one.end))
                    for one in plan.cuts
                    if one.overlap(sound)
                ]
                cut += [{"talk": number, "start": one.start, "end": one.end} for one in lost]
    return {
        "minutes": seconds / 60,
        "blank": _row(Kind.BLANK, counts),
        "sounding_s": sounding_s,
        "cut_s": sum(one["end"] - one["start"] for one in cut),
        "cut": cut,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'':8}{'precision':>11}{'recall':>8}{'found':>7}{'true':>6}{'marked':>8}"]
    for kind in KINDS:
        row = result[kind.value]
        lines.append(
            f"{kind.value:8}{row['precision']:11.3f}{row['recall']:8.3f}"
            f"{row['found']:7}{row['true']:6}{row['marked']:8}"
        )
    sounds = result["sounds"]
    row = sounds["blank"]
    lines.append(
        f"with noises and faint voices: blank {row['precision']:.3f} {row['recall']:.3f} of {row['true']}; "
        f"{sounds['cut_s']:.1f} s of {sounds['sounding_s']:.0f} s cut in {sounds['minutes']:.0f} min"
    )
    drift_ms = 1000 * (result["drift_s"] or 0)
    lines.append(
        f"{result['talks']} talks, {result['minutes']:.1f} min; cleaned and recognized anew, "
        f"{result['lost']:.1%} of the words differ, the others are {drift_ms:.0f} ms off"
    )
    return "\n".join([*lines, takes.table(result["takes"])])


def score(
    kind: Kind, items: Sequence[Item], truth: Sequence[tuple[Kind, Span]], counts: Counter[tuple[Kind, str]]
) -> list[dict[str, Any]]:
    """Count what was found of a kind; what was missed and what is wrong."""
    marked = _joined([item for item in items if item.kind is kind and item.remove])
    true = [span for there, span in truth if there is kind]
    missed = []
    for span in true:
        hit = next((one for one in marked if one.iou(span) >= IOU), None)
        if hit:
            marked.remove(hit)
            counts[kind, "found"] += 1
        else:
            missed.append(span)
    counts[kind, "true"] += len(true)
    counts[kind, "marked"] += len(true) - len(missed) + len(marked)
    return [
        {"kind": kind.value, "what": what, "start": span.start, "end": span.end}
        for what, spans in (("missed", missed), ("wrong", marked))
        for span in spans
    ]


def _joined(items: Sequence[Item]) -> list[Span]:
    """Items of one kind, those made one that have less than `APART_S` between them."""
    spans: list[Span] = []
    for item in items:
        if spans and item.start - spans[-1].end < APART_S[item.kind]:
            spans[-1] = Span(spans[-1].start, item.end)
        else:
            spans.append(Span(item.start, item.end))
    return spans


def _row(kind: Kind, counts: Counter[tuple[Kind, str]]) -> dict[str, float]:
    found, true, marked = (counts[kind, what] for what in ("found", "true", "marked"))
    return {
        "precision": found / marked if marked else 1.0,
        "recall": found / true if true else 1.0,
        "found": found,
        "true": true,
        "marked": marked,
    }


def _words(sentences: Sequence[Caption]) -> list[tuple[str, float]]:
    """Words as they are compared, and when they begin."""
    return [
        (plain, word.start) for sentence in sentences for word in sentence.words for plain in words(word.text)
    ]


def _distances(left: Sequence[tuple[str, float]], heard: Sequence[tuple[str, float]]) -> list[float]:
    """Seconds from each word to the nearest that is the same, if there is one within a second."""
    distances = []
    for text, time in left:
        near = min((abs(time - other) for same, other in heard if same == text), default=9.0)
        if near < 1.0:
            distances.append(near)
    return distances
