"""Speech recognition on a pack's transcribed speech: word errors, speed, memory."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import InputError
from edge.models.arithmetic import instructions
from edge.networks.moonshine import Moonshine
from edge.text.numbers import numbers_spelled
from tools.evaluate.pack import samples
from tools.progress import each

DOUBTFUL = {
    "sb_": "written by a recognizer: not the Harvard sentences that are read",
    "LJ001": "written from memory of the public metadata",
}
"""Beginning of a file's name -> why its transcript is doubted."""

FOREIGN = ("mfa_13697", "mfa_common_voice_ja", "mfa_se10x016", "vocadito_1")
"""Beginnings of the names of recordings in other languages than English."""

ROOT = Path(__file__).parents[2]

_FRESH = """
import re, sys
from pathlib import Path
import numpy as np
from edge.networks.moonshine import Moonshine
noise = np.random.default_rng(0).normal(0, 0.05, 320_000).astype(np.float32)
Moonshine(Path(sys.argv[1])).transcribe(noise)
status = Path("/proc/self/status")
print(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1] if status.exists() else 0)
"""

WRITTEN = {
    "mr": "mister",
    "mrs": "missus",
    "ok": "okay",
    "alright": "all right",
    "yknow": "you know",
    "gonna": "going to",
}
"""One spelling for words that have several."""

FILLERS = frozenset({"uh", "um", "er", "hmm"})
"""Left out of both texts: careful transcripts have them, recognizers are trained to leave them out."""


@dataclass(frozen=True)
class Utterance:
    """A transcribed recording of a pack."""

    path: Path
    subclass: str
    transcript: str

    @property
    def doubt(self) -> str | None:
        """Why the transcript is doubted, if it is."""
        return next((why for name, why in DOUBTFUL.items() if self.path.name.startswith(name)), None)


def evaluate(data: Path, *, folder: Path | str = "moonshine-tiny-en") -> dict[str, Any]:
    """Every English utterance of the pack, each recognized in one piece.

    Keys: rows (subclass, "doubtful references" and "all" without those -> utterances, words, wer,
    substitutions, insertions, deletions), seconds (of audio), rtf (one thread), peak_mb (of a process that
    recognizes 20 s), utterances (file, wer, reference, text, mean_log_probability, doubt).
    """
    utterances = read_utterances(data)
    recognizer = Moonshine(folder)
    recognizer.transcribe(np.zeros(16_000, np.float32))
    counts: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    seconds = elapsed = 0.0
    listed = []
    for utterance in each(utterances, "utterance"):
        sound = samples(utterance.path)
        started = time.perf_counter()
        transcript = recognizer.transcribe(sound)
        elapsed += time.perf_counter() - started
        seconds += len(sound) / recognizer.rate_hz
        truth = words(utterance.transcript)
        counted = (len(truth), *least_edits(truth, transcript.text))
        for row in ("doubtful references",) if utterance.doubt else (utterance.subclass, "all"):
            counts[row].append(counted)
        listed.append(
            {
                "file": utterance.path.name,
                "wer": sum(counted[1:]) / max(1, counted[0]),
                "reference": " ".join(truth),
                "text": transcript.text,
                "mean_log_probability": transcript.mean_logprob,
                "doubt": utterance.doubt,
            }
        )
    return {
        "rows": {name: _row(counted) for name, counted in sorted(counts.items())},
        "seconds": seconds,
        "rtf": elapsed / seconds,
        "peak_mb": _peak_mb(recognizer.folder.path),
        "utterances": sorted(listed, key=lambda row: -row["wer"]),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    heads = ("utterances", "words", "WER", "wrong", "extra", "missing")
    lines = [f"{'':22}" + "".join(f"{head:>12}" for head in heads)]
    for name, row in result["rows"].items():
        changes = "".join(f"{row[key]:12}" for key in ("substitutions", "insertions", "deletions"))
        lines.append(f"{name:22}{row['utterances']:12}{row['words']:12}{row['wer']:12.3f}{changes}")
    lines.append(
        f"{result['seconds']:.0f} s of speech, {result['rtf']:.3f} of real time on one thread "
        f"({instructions()}), {result['peak_mb']:.0f} MB"
    )
    return "\n".join(lines)


def read_utterances(data: Path) -> list[Utterance]:
    """The English transcribed speech of a pack. Raises InputError if there is none."""
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise InputError(data, "holds no manifest.csv; pass --data DIR or set EDGE_DATA")
    with manifest.open(newline="", encoding="utf-8") as file:
        found = [
            Utterance(data / row["path"], row.get("subclass") or "", row["transcript"])
            for row in csv.DictReader(file)
            if row.get("class") == "speech" and (row.get("transcript") or "").strip()
        ]
    english = [utterance for utterance in found if not utterance.path.name.startswith(FOREIGN)]
    if not english:
        raise InputError(data, "holds no transcribed English speech")
    return english


def words(text: str, *, by_digits: bool = False) -> list[str]:
    """The words of a text as they are compared: no case, no marks, numbers spelled, no noises and fillers.

    `by_digits` spells 42 as "four two".
    """
    text = re.sub(r"<[^>]*>|\[[^\]]*\]", " ", text.lower())
    text = unicodedata.normalize("NFKD", text).replace("\u2019", "'")
    text = numbers_spelled(text, by_digits=by_digits)
    found = re.sub(r"[^a-z' ]+", " ", text).replace(" '", " ").replace("' ", " ").split()
    plain = (WRITTEN.get(word.strip("'"), word.strip("'")) for word in found)
    return [word for word in " ".join(plain).split() if word not in FILLERS]


def _peak_mb(folder: Path) -> float:
    """Peak resident memory of a fresh process that recognizes 20 s of noise; 0 where no system tells it."""
    command = [sys.executable, "-c", _FRESH, str(folder.resolve())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def least_edits(truth: Sequence[str], text: str) -> tuple[int, int, int]:
    """Edits from `truth` to the better of two readings of the numbers in `text`: whole, or digit by digit."""
    return min((edits(truth, words(text, by_digits=by_digits)) for by_digits in (False, True)), key=sum)


def edits(truth: Sequence[str], found: Sequence[str]) -> tuple[int, int, int]:
    """Substitutions, insertions and deletions of the cheapest way from one text to the other."""
    rows = [(at, 0, at, 0) for at in range(len(found) + 1)]  # cost, substitutions, insertions, deletions
    for word in truth:
        above, rows = rows, [(rows[0][0] + 1, rows[0][1], rows[0][2], rows[0][3] + 1)]
        for at, guess in enumerate(found):
            cost, wrong, extra, missing = above[at]
            same = (cost, wrong, extra, missing) if guess == word else (cost + 1, wrong + 1, extra, missing)
            cost, wrong, extra, missing = rows[at]
            added = (cost + 1, wrong, extra + 1, missing)
            cost, wrong, extra, missing = above[at + 1]
            rows.append(min(same, added, (cost + 1, wrong, extra, missing + 1)))
    return rows[-1][1:]


def _row(counted: list[tuple[int, int, int, int]]) -> dict[str, float]:
    """Counts of several utterances, and their word error rate."""
    total, wrong, extra, missing = (sum(column) for column in zip(*counted, strict=True))
    return {
        "utterances": len(counted),
        "words": total,
        "wer": (wrong + extra + missing) / max(1, total),
        "substitutions": wrong,
        "insertions": extra,
        "deletions": missing,
    }
