"""Write templates folders."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import av
import msgspec
import numpy as np
from av.audio.stream import AudioStream

from edge.arrays import Floats
from edge.models.folder import MANIFEST, ModelFolder, open_folder
from edge.music.templates import (
    RATE_HZ,
    TASK,
    TRACKS,
    TemplateEntry,
    TemplatesParameters,
    file_of,
    open_templates,
)
from tools.convert.folder import rewrite, write_folder
from tools.templates.card import card

VERSION = "1"
LICENCE = "Apache-2.0; sounds of FluidR3, MIT, copyright 2000-2002, 2008 Frank Wen"
OWN_LICENCE = "as the recordings that were added"


def extend(
    path: Path, entry: TemplateEntry, tracks: Mapping[str, Floats], *, bit_rate: int, shipped: bool = False
) -> ModelFolder:
    """Add a template to a templates folder, which is made if there is none; one with the same id is replaced.

    Raises ModelError, OutputError.
    """
    known = _entries(path)
    entries = {**known, entry.id: entry}
    ordered = tuple(sorted(entries.values(), key=lambda entry: (-entry.bar_samples, entry.id)))
    files: dict[str, bytes | Path] = {
        file_of(entry.id, track): encoded(tracks[track], bit_rate) for track in TRACKS
    }
    files["CARD.md"] = card(ordered, shipped=shipped).encode()
    described = {"parameters": msgspec.to_builtins(TemplatesParameters(ordered))}
    if known:
        folder = rewrite(open_folder(path), files, **described)
    else:
        folder = write_folder(
            path,
            files,
            id=TASK,
            version=VERSION,
            task=TASK,
            networks={},
            licence=LICENCE if shipped else OWN_LICENCE,
            source=f"python -m tools.templates {'render' if shipped else 'add'}",
            **described,
        )
    open_templates(path)
    return folder


def encoded(samples: Floats, bit_rate: int) -> bytes:
    """Opus in Ogg of float32[2, n] at 48 kHz; the same samples give the same bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libopus", rate=RATE_HZ)
        assert isinstance(stream, AudioStream)
        stream.bit_rate, stream.layout, stream.format = bit_rate, "stereo", "flt"
        resampler = av.AudioResampler("flt", "stereo", RATE_HZ, 960)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def _entries(path: Path) -> dict[str, TemplateEntry]:
    """The templates that a folder has; none if there is no folder. Raises ModelError."""
    if not (path / MANIFEST).exists():
        return {}
    _, parameters = open_folder(path).description(TASK, type(None), TemplatesParameters)
    return {entry.id: entry for entry in parameters.templates}
