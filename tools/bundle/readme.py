"""The README of a bundle, for the person who embeds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.version import __version__
from tools.bundle.contents import SYSTEMS, TARGETS
from tools.bundle.networks import Verdict

FOLDERS = {
    "models": "model folders: networks, `manifest.json` with inputs, normalization and SHA-256, `CARD.md`",
    "lib": "the kernels and, for songs, the C core: each links to nothing",
    "include": "their headers, which say what every function does",
    "examples": "the C core from C, Kotlin and Swift",
    "golden": "a recording, and what every stage computes from it",
    "licenses": "of edge and of each model",
}


def readme(target: str, systems: Sequence[str], sizes: Mapping[str, int], verdicts: Sequence[Verdict]) -> str:
    """Return the text."""
    kind = TARGETS[target]
    parts = [
        f"# edge {__version__} for {target}",
        "For apps that do this on the device, offline:\n\n"
        + "\n".join(f"- {name}: {SYSTEMS[name].what}" for name in systems),
        "| folder | KB | what is in it |\n| --- | ---: | --- |\n"
        + "\n".join(f"| `{name}` | {size / 1000:.0f} | {FOLDERS[name]} |" for name, size in sizes.items()),
        _SONGS if "songs" in systems else "",
        f"## Networks\n\nThey run on {kind.runtime}. Pre-processing is what `manifest.json` says;\n"
        "the kernels compute it, `include/edge_kernels.h`. The gate ran each network on an x86-64 processor:",
        _table(verdicts),
        _CHECK,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(verdicts: Sequence[Verdict]) -> str:
    head = "| model | network | runtime | format | KB | numbers | gate | error | limit |\n"
    head += "| --- | --- | --- | --- | ---: | --- | --- | ---: | ---: |\n"
    return head + "\n".join(
        f"| {v.model} | {v.role} | {v.runtime} | {v.format} | {v.size / 1000:.0f} | {v.quantization} "
        f"| {v.measured} | {v.error:.1g} | {v.limit:g} |"
        for v in verdicts
    )


_SONGS = """## Songs without a runtime

The C core needs no network runtime: `lib/libedge_songs`, `include/edge_songs.h` and `models/segmenter.edge`.
Samples at 16 kHz go in, in blocks of any size; confidences and songs come out, the same as those of the
Python package. `examples/find_songs.c` is a whole program. The core checks the SHA-256 of the model when it
opens it. It labels by sound alone; the models of faces and lips are for a program that looks at the video
too, as the Python package does."""

_CHECK = """## Check your port

`golden/songs-steps` has the samples of `golden/recording.wav` and everything between them and the songs in
`golden/songs-steps.json`, in the order of the numbers: log-mel; embedding, attention and logits of the
encoder; confidences and levels of frames; windows; confidences of segments. The other folders have the
outputs of the stages of `edge bench` for `golden/evening.mkv`. `bundle.json` lists the SHA-256 of every file;
`python -m tools.bundle --verify DIR` compares."""
