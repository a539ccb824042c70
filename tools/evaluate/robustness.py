"""Segment labels after what happens to recordings: gain, few bits, a telephone, lossy codecs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.evidence.labels import label_samples
from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS
from tools.evaluate.metrics import classification
from tools.evaluate.pack import read_pack, samples
from tools.progress import each
from tools.sound.codec import by_telephone, in_8_bits, through_codec
from tools.sound.signals import Samples


def gain(db: float) -> Callable[[Samples], Samples]:
    """Louder or softer; what exceeds full scale is clipped, and what lies below 16 bits is lost."""
    factor = np.float32(10 ** (db / 20))
    return lambda x: np.asarray(np.round((x * factor).clip(-1, 1) * 32767) / 32767, np.float32)


CHANNELS: dict[str, Callable[[Samples], Samples]] = {
    "as recorded": lambda x: x,
    **{f"gain {db:+} dB": gain(db) for db in (-30, -20, -10, 6, 12)},
    "8 bits": in_8_bits,
    "telephone, 8 kHz mu-law": by_telephone,
    "Opus 32 kbit/s": lambda x: through_codec(x, "libopus", 32_000),
    "MP3 64 kbit/s": lambda x: through_codec(x, "libmp3lame", 64_000),
}


def evaluate(data: Path, *, folder: Path | str = "segmenter") -> dict[str, Any]:
    """`rows` by channel: `macro_f1` of all segments, its `change`, and the share of `flips`."""
    entries = read_pack(data)
    segmenter = Segmenter(folder)
    truth: list[int] = []
    guesses: dict[str, list[int]] = {name: [] for name in CHANNELS}
    for entry in each(entries, "recording"):
        original = samples(entry.path)
        for name, channel in CHANNELS.items():
            heard = np.pad(channel(original), (0, len(original)))[: len(original)]
            guesses[name] += label_samples([heard], segmenter).segments.argmax(axis=1).tolist()
        count = len(guesses["as recorded"]) - len(truth)
        truth += [LABELS.index(entry.label)] * count
    first = np.array(guesses["as recorded"])
    scores = {name: classification(truth, guess) for name, guess in guesses.items()}
    rows = {
        name: {
            "macro_f1": score["macro_f1"],
            "change": score["macro_f1"] - scores["as recorded"]["macro_f1"],
            "flips": float((np.array(guesses[name]) != first).mean()),
        }
        for name, score in scores.items()
    }
    return {"rows": rows, "segments": len(truth), "arithmetic": describe()}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'':26}{'macro-F1':>10}{'change':>10}{'flips':>10}"]
    for name, row in result["rows"].items():
        lines.append(f"{name:26}{row['macro_f1']:10.4f}{row['change']:+10.4f}{row['flips']:10.3f}")
    lines.append(f"{result['segments']} segments; int8 on {result['arithmetic']}")
    return "\n".join(lines)
