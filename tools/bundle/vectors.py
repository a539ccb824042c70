"""Golden vectors: inputs and outputs of every stage, for whoever computes them in another language."""

from __future__ import annotations

import json
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bench import golden
from edge.bench.golden import RECORDING, expected
from edge.evidence.labels import label_samples
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from tools.bundle.contents import SYSTEMS

RATE_HZ = 16_000


def write_vectors(systems: Sequence[str], folder: Path) -> None:
    """Write the golden recording, the outputs of the systems' stages and, of songs, every step between."""
    folder.mkdir()
    (folder / RECORDING.name).write_bytes(RECORDING.read_bytes())
    whole = np.clip(np.round(golden.samples() * 32768), -32768, 32767).astype("<i2")
    with wave.open(str(folder / "recording.wav"), "wb") as file:
        file.setparams((1, 2, RATE_HZ, len(whole), "NONE", ""))
        file.writeframes(whole.tobytes())
    for stage in sorted({stage for system in systems for stage in SYSTEMS[system].stages}):
        _save(folder / stage, dict(expected(stage)))
    if "songs" in systems:
        _save(
            folder / "songs-steps",
            _steps(whole.astype(np.float32) / np.float32(32768), folder / "songs-steps.json"),
        )


def _steps(samples: NDArray[np.float32], listing: Path) -> dict[str, NDArray[Any]]:
    """Return what flows from step to step when songs are found in samples; write the songs."""
    with Segmenter() as segmenter:
        stream = segmenter.encoder()
        encoded = [*stream.accept(samples), *stream.finish()]
        track = label_samples([samples], segmenter)
        songs = detect_songs(track, segmenter.fuse_batch, SongOptions())
        lead, after = np.zeros(segmenter.front_end.lead, np.float32), np.zeros(RATE_HZ, np.float32)
        mel = segmenter.front_end.mel(np.concatenate([lead, samples, after]))
    listing.write_text(
        json.dumps(
            [
                {"start": song.start, "end": song.end, "prelude": song.prelude, "postlude": song.postlude,
                 "confidence": round(song.confidence, 6)}
                for song in songs
            ],
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )  # fmt: skip
    return {
        "1-samples": samples,
        "2-log-mel": mel[: len(track.frames) * segmenter.parameters.stride],
        "3-embedding": np.concatenate([part.embedding for part in encoded]),
        "3-attention": np.concatenate([part.attention for part in encoded]),
        "3-logits": np.concatenate([part.logits for part in encoded]),
        "4-frame-confidences": track.frames,
        "4-frame-levels-db": track.levels_db,
        "5-windows": track.windows,
        "6-segment-confidences": track.segments,
    }


def _save(folder: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as .npy; text as lines."""
    folder.mkdir()
    for name, array in sorted(arrays.items()):
        if array.dtype.kind == "U":
            (folder / f"{name}.txt").write_text(
                "".join(f"{line}\n" for line in array.tolist()), encoding="utf-8"
            )
        else:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
