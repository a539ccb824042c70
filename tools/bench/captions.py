"""`python -m tools.bench captions`: captions, repeats and the cut, beside what else does them.

Needs moonshine-tiny-en in the store: see `python -m tools.importers`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge.captions.transcribe import transcribe
from edge.evidence.speech.recognizers import open_recognizer
from edge.media.write.concat import MediaRange, concat
from edge.networks.segmenter import Segmenter
from edge.quickcut.options import RepeatOptions
from edge.quickcut.repeats import pair_scores
from tools.bench import isolated
from tools.bench.rows import Row, compared, interleaved
from tools.evaluate.captions import composed
from tools.evaluate.pack import samples
from tools.evaluate.recognition import least_edits, read_utterances, words
from tools.sound.sample import render_sample

WER = "word error rate"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    recordings: int = 2
    """Of about four minutes."""
    sentences: int = 10_000
    rounds: int = 3

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(recordings=1, sentences=300, rounds=1)


def bench(data: Path, sizes: Sizes) -> list[Row]:
    """All rows. Raises InputError if `data` has no transcribed speech, ModelError without the recognizer."""
    open_recognizer()
    with tempfile.TemporaryDirectory() as scratch:
        made = composed(data, Path(scratch))[: sizes.recordings]
        return [
            *_recognition_rows(made, sizes),
            *_repeat_rows(data, sizes),
            *_cut_rows(Path(scratch), sizes),
        ]


def _recognition_rows(made: Sequence[tuple[Path, str]], sizes: Sizes) -> list[Row]:
    """File to captions with the times of words, and Moonshine's own library, which gives lines."""
    files = [str(file) for file, _ in made]
    truth = [text for _, text in made]
    runs = {"ours": list[dict[str, Any]](), "moonshine-voice": list[dict[str, Any]]()}
    if not find_spec("moonshine_voice"):
        del runs["moonshine-voice"]
    for _ in range(sizes.rounds):
        for name, laps in runs.items():
            function = "recognize" if name == "ours" else "recognize_by_library"
            laps.append(isolated.call(f"captions:{function}", files))
    errors = {name: _word_errors(truth, laps[-1]["texts"]) for name, laps in runs.items()}
    ours = [lap["seconds"] for lap in runs["ours"]]
    sound_s = runs["ours"][-1]["sound_s"]
    peak = isolated.edge("caption", "--no-cache", files[0]).megabytes
    name = f"captions of {sound_s / 60:.0f} min, words timed"
    rest = {"error": errors["ours"], "error_is": WER, "megabytes": peak}
    rows = [compared(name, "real time", ours, [sound_s] * len(ours), **rest)]
    for peer, laps in list(runs.items())[1:]:
        theirs = [lap["seconds"] for lap in laps]
        detail = "the same weights; lines without times of words"
        rows.append(compared(name, peer, ours, theirs, **rest, peer_error=errors[peer], detail=detail))
    return rows


def recognize(files: Sequence[str]) -> dict[str, Any]:
    """The whole path, models loaded."""
    recognizer, segmenter = open_recognizer(), Segmenter()
    recognizer.recognize(np.zeros(16_000, np.float32))
    started = time.perf_counter()
    found = [transcribe(file, recognizer=recognizer, segmenter=segmenter) for file in files]
    seconds = time.perf_counter() - started
    texts = [" ".join(one.text for one in each.transcript.sentences) for each in found]
    return {"seconds": seconds, "texts": texts, "sound_s": sum(each.duration_s for each in found)}


def recognize_by_library(files: Sequence[str]) -> dict[str, Any]:
    """Moonshine's library with the model that it brings along."""
    import moonshine_voice  # noqa: PLC0415 - a peer

    folder = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
    library = moonshine_voice.Transcriber(str(folder), moonshine_voice.ModelArch.TINY)
    sounds = [samples(Path(file)).tolist() for file in files]
    started = time.perf_counter()
    found = [library.transcribe_without_streaming(sound, 16_000) for sound in sounds]
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "texts": [" ".join(line.text for line in one.lines) for one in found]}


def _word_errors(truths: Sequence[str], texts: Sequence[str]) -> float:
    wrong = sum(sum(least_edits(words(truth), text)) for truth, text in zip(truths, texts, strict=True))
    return wrong / sum(len(words(truth)) for truth in truths)


def _repeat_rows(data: Path, sizes: Sizes) -> list[Row]:
    """The three measures of all sentences with the four after each, and rapidfuzz for one of the three."""
    rng = np.random.default_rng(0)
    pool = [one.transcript for one in read_utterances(data)]
    texts = [f"{pool[int(rng.integers(len(pool)))]} {number % 89}" for number in range(sizes.sentences)]
    settings = RepeatOptions(weights=(0, 1, 0))
    pairs = [(at, at + by) for at in range(len(texts)) for by in range(1, 5) if at + by < len(texts)]
    jobs: dict[str, Callable[[], object]] = {"ours": lambda: pair_scores(texts, settings)}
    if not find_spec("rapidfuzz"):
        return []
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415
    from rapidfuzz.process import cpdist  # noqa: PLC0415

    left, right = [texts[one] for one, _ in pairs], [texts[other] for _, other in pairs]
    scorer = Levenshtein.normalized_similarity
    jobs["rapidfuzz"] = lambda: cpdist(left, right, scorer=scorer, workers=1)
    seconds = interleaved(jobs, sizes.rounds)
    theirs = cpdist(left, right, scorer=scorer, workers=1)
    ours = pair_scores(texts, settings)
    worst = max(abs(float(ours[one, other - one - 1]) - theirs[at]) for at, (one, other) in enumerate(pairs))
    name = f"repeats among {len(texts)} sentences, 3 measures"
    detail = "peer: one of the three"
    rest = {"error": worst, "error_is": "largest difference of that one", "detail": detail}
    return [compared(name, "rapidfuzz cpdist", seconds["ours"], seconds["rapidfuzz"], **rest)]


def _cut_rows(scratch: Path, sizes: Sizes) -> list[Row]:
    """Every other ten seconds of a video, copied where possible and encoded whole."""
    source = scratch / "sample.mp4"
    render_sample(source)
    parts = [MediaRange(source, Fraction(at), Fraction(at + 10)) for at in range(0, 60, 20)]

    def job(smart: bool) -> Callable[[], object]:
        return lambda: concat(parts, scratch / f"{smart}.mp4", smart=smart, force=True)

    seconds = interleaved({"smart": job(True), "encoded": job(False)}, sizes.rounds)
    joined, whole = (concat(parts, scratch / "last.mp4", smart=smart, force=True) for smart in (True, False))
    share = joined.copied_frames / max(1, joined.video_frames)
    missing = abs(joined.video_frames - whole.video_frames)
    rest = {"error": missing, "error_is": "video frames more or less than when all are encoded"}
    detail = f"{joined.how}: {share:.0%} of the video frames copied"
    name = "cut 30 s out of a video of 1 min"
    return [compared(name, "all encoded", seconds["smart"], seconds["encoded"], **rest, detail=detail)]


def describe(rows: Sequence[Row]) -> str:
    """One line with what matters most."""
    first = rows[0]
    return (
        f"{1 / first.ratio:.3f} of real time, {first.megabytes:.0f} MB, {first.error:.1%} of the words wrong"
    )
