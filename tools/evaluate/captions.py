"""Captions on a pack: word errors alone and in long recordings, false words, times of words."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.text import levenshtein_window
from numpy.typing import NDArray

from edge.captions.transcribe import transcribe
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.transcript import Transcript
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Label
from tools.bench.compiled import as_in_a_wheel
from tools.bench.isolated import edge as run_edge
from tools.evaluate.pack import RATE_HZ, read_pack, samples
from tools.evaluate.recognition import Utterance, least_edits, read_utterances, words
from tools.evaluate.talks import NOISE, loud_as, silence
from tools.progress import each
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]

ORDERS = 4
"""In how many orders the utterances are put: what comes before an utterance changes what is heard."""

LONG_S = 240.0
"""About how long a composed recording is."""

PAUSES_S = (0.4, 2.5)
"""Pauses between its utterances; every fourth is filled with music or noise of the pack."""

JOINT_S = 0.1
"""Digital silence of this length parts the words of recordings that were joined of single words."""


def evaluate(data: Path, *, seed: int = 0, recognizer: Recognizer | None = None) -> dict[str, Any]:
    """The path from a file to captions, on the English speech of a pack whose transcripts are not doubted.

    Keys: wer, cer (each utterance a recording), long_wer (utterances one after another, with pauses, music
    and noise between), engine_wer (each utterance given to the recognizer whole), false_words_per_minute (on
    music and other sounds), false_words, minutes, word_start_s, word_end_s (median distance to the
    reference), boundaries, rtf (one thread, all of it), peak_mb (of `edge caption` on a long recording),
    long_minutes, utterances (file, wer, reference, text), doubtful.
    """
    recognizer, segmenter = recognizer or open_recognizer(), Segmenter()
    utterances = read_utterances(data)
    sure = [one for one in utterances if one.doubt is None]
    listed = []
    for one in each(sure, "utterance"):
        found = transcribe(one.path, recognizer=recognizer, segmenter=segmenter)
        whole = recognizer.recognize(samples(one.path))
        listed.append(_Scored(one, _text(found.transcript), " ".join(word.text for word in whole.words)))
    with tempfile.TemporaryDirectory() as scratch:
        long = composed(data, Path(scratch), seed)
        started = time.perf_counter()
        heard = [
            transcribe(file, recognizer=recognizer, segmenter=segmenter)
            for file, _ in each(long, "long recording")
        ]
        elapsed = time.perf_counter() - started
        peak = _peak_mb(long[0][0])
    counts = [
        least_edits(words(truth), _text(found.transcript))
        for (_, truth), found in zip(long, heard, strict=True)
    ]
    starts, ends = boundaries(data, recognizer, segmenter)
    return {
        "wer": _rate([one.errors for one in listed], [one.truth for one in listed]),
        "cer": _cer([(one.truth, one.found) for one in listed]),
        "long_wer": _rate([sum(one) for one in counts], [words(truth) for _, truth in long]),
        "engine_wer": _rate([one.engine_errors for one in listed], [one.truth for one in listed]),
        **false_words(data, recognizer, segmenter),
        "word_start_s": float(np.median(np.abs(starts))) if starts else None,
        "word_end_s": float(np.median(np.abs(ends))) if ends else None,
        "boundaries": len(starts) + len(ends),
        "rtf": elapsed / sum(found.duration_s for found in heard),
        "peak_mb": peak,
        "long_minutes": sum(found.duration_s for found in heard) / 60,
        "utterances": [
            {
                "file": one.utterance.path.name,
                "wer": one.errors / max(1, len(one.truth)),
                "reference": " ".join(one.truth),
                "text": one.found,
            }
            for one in sorted(listed, key=lambda one: -one.errors / max(1, len(one.truth)))
        ],
        "doubtful": [{"file": one.path.name, "why": one.doubt} for one in utterances if one.doubt],
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    times = (
        f"{1000 * result['word_start_s']:.0f} ms, ends {1000 * result['word_end_s']:.0f} ms"
        if result["boundaries"]
        else "-"
    )
    rows = [
        ("word errors, utterance by utterance", f"{result['wer']:.3f} (characters {result['cer']:.3f})"),
        ("... in long recordings", f"{result['long_wer']:.3f} ({result['long_minutes']:.1f} min)"),
        ("... of the recognizer given whole utterances", f"{result['engine_wer']:.3f}"),
        ("words a minute of music and noise", f"{result['false_words_per_minute']:.2f}"),
        ("word starts off by (median)", times),
        ("of real time, one thread", f"{result['rtf']:.3f}"),
        ("peak memory", f"{result['peak_mb']:.0f} MB"),
        ("left out, reference doubtful", str(len(result["doubtful"]))),
    ]
    return "\n".join(f"{name:46}{value}" for name, value in rows)


def false_words(data: Path, recognizer: Recognizer, segmenter: Segmenter) -> dict[str, Any]:
    """Words written where nobody speaks: in the music and the other sounds of a pack."""
    seconds, texts = 0.0, []
    for entry in each(read_pack(data), "recording"):
        if entry.label in (Label.MUSIC, Label.OTHER):
            found = transcribe(entry.path, recognizer=recognizer, segmenter=segmenter)
            seconds += found.duration_s
            texts += [(entry.path.name, one.text) for one in found.transcript.sentences]
    count = sum(len(text.split()) for _, text in texts)
    return {
        "false_words_per_minute": count / max(seconds / 60, 1e-9),
        "false_words": texts,
        "minutes": seconds / 60,
    }


def boundaries(data: Path, recognizer: Recognizer, segmenter: Segmenter) -> tuple[list[float], list[float]]:
    """Errors in seconds of the starts and ends of words, in recordings that were joined of single words.

    Digital silence shows where each word began and ended. Words that were recognized wrong are left out.
    """
    starts, ends = list[float](), list[float]()
    for one in read_utterances(data):
        joints, spoken = _joints(samples(one.path)), words(one.transcript)
        if len(joints) != len(spoken) - 1 or not joints:
            continue
        timed = _timed(transcribe(one.path, recognizer=recognizer, segmenter=segmenter).transcript)
        matcher = SequenceMatcher(None, spoken, [text for text, _, _ in timed], autojunk=False)
        for first, second, size in matcher.get_matching_blocks():
            for at in range(size):
                _, start, end = timed[second + at]
                if first + at > 0 and start is not None:
                    starts.append(start - joints[first + at - 1][1] / RATE_HZ)
                if first + at < len(joints) and end is not None:
                    ends.append(end - joints[first + at][0] / RATE_HZ)
    return starts, ends


def _timed(found: Transcript) -> list[tuple[str, float | None, float | None]]:
    """Plain words with the times that are known: of what is written as one word, the outer ones."""
    timed: list[tuple[str, float | None, float | None]] = []
    for sentence in found.sentences:
        for word in sentence.words:
            plain = words(word.text, by_digits=True)
            last = len(plain) - 1
            timed += [
                (text, None if at else word.start, word.end if at == last else None)
                for at, text in enumerate(plain)
            ]
    return timed


def _joints(sound: Floats) -> list[tuple[int, int]]:
    """Stretches of digital silence inside a recording, in samples."""
    still = np.abs(sound) < 2 / 32768
    edges = np.flatnonzero(np.diff(still, prepend=False, append=False)).reshape(-1, 2)
    return [
        (int(first), int(stop))
        for first, stop in edges
        if stop - first >= JOINT_S * RATE_HZ and first > 0 and stop < len(sound)
    ]


@dataclass(frozen=True)
class _Scored:
    """An utterance, what the whole path wrote, and what the recognizer alone wrote."""

    utterance: Utterance
    found: str
    alone: str

    @property
    def truth(self) -> list[str]:
        return words(self.utterance.transcript)

    @property
    def errors(self) -> int:
        return sum(least_edits(self.truth, self.found))

    @property
    def engine_errors(self) -> int:
        return sum(least_edits(self.truth, self.alone))


def composed(data: Path, folder: Path, seed: int = 0) -> list[tuple[Path, str]]:
    """Recordings of about `LONG_S` with a pack's utterances in `ORDERS` orders, and their transcripts.

    Raises InputError if there are none.
    """
    rng = np.random.default_rng(seed)
    utterances = [one for one in read_utterances(data) if one.doubt is None]
    between = [entry.path for entry in read_pack(data) if entry.label in (Label.MUSIC, Label.OTHER)]
    made: list[tuple[Path, str]] = []
    pieces, texts = list[Floats](), list[str]()
    order = [int(at) for _ in range(ORDERS) for at in rng.permutation(len(utterances))]
    for number, at in enumerate(order, 1):
        pieces += [loud_as(samples(utterances[at].path), 0.08), silence(rng.uniform(*PAUSES_S))]
        texts.append(utterances[at].transcript)
        if number % 4 == 0 and between:
            other = samples(between[int(rng.integers(len(between)))])[: 8 * RATE_HZ]
            pieces += [loud_as(other, 0.05), silence(rng.uniform(*PAUSES_S))]
        if sum(map(len, pieces)) > LONG_S * RATE_HZ or number == len(order):
            whole = np.concatenate(pieces)
            whole = whole + rng.normal(0, NOISE, len(whole)).astype(np.float32)
            file = folder / f"long{len(made)}.wav"
            write_wav(file, whole, RATE_HZ)
            made.append((file, " ".join(texts)))
            pieces, texts = [], []
    return made


def _peak_mb(file: Path) -> float:
    """Peak resident memory of `edge caption` in a fresh process, with kernels as in a wheel."""
    with as_in_a_wheel():
        return run_edge("caption", "--no-cache", str(file)).megabytes


def _text(found: Transcript) -> str:
    return " ".join(sentence.text for sentence in found.sentences)


def _rate(errors: Sequence[int], truths: Sequence[Sequence[str]]) -> float:
    return sum(errors) / max(1, sum(map(len, truths)))


def _cer(pairs: Sequence[tuple[Sequence[str], str]]) -> float:
    """Character errors, spaces counted, with the better reading of numbers."""
    wrong = total = 0
    for truth, found in pairs:
        text = " ".join(truth)
        readings = [" ".join(words(found, by_digits=by_digits)) for by_digits in (False, True)]
        wrong += min(int(levenshtein_window([text, reading], 1)[0, 0]) for reading in readings)
        total += len(text)
    return wrong / max(1, total)
