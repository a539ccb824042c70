"""docs/size.md, from what was measured and from the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import indent

import msgspec

from tools.size.ffmpeg import built, flags
from tools.size.install import SONG_MODELS, Installed, Sizes
from tools.size.models import Networks
from tools.size.trim import Trimmed

FFMPEG_PARTS = ("libavcodec", "libavformat", "libavfilter", "libavutil", "libswscale", "libswresample")
"""FFmpeg's own libraries that edge uses."""

INTRODUCTION = """\
# Size

What an installation takes on disk, and how it becomes smaller. MB are 10^6 bytes of files, with bytecode.
`python -m tools.size` measures, and `python -m tools.docs` makes this page."""

PLAIN = """\
## A plain installation

`pip install edgereel` on {machine} with Python {python}; the wheel is {wheel} MB. There is no numba, no
LLVM and no compiler in it: the kernels are compiled ahead of time. A library of kernels and a folder of a
model can be deleted if they are not needed; without the templates `edge compose` does not work."""

KIT = """\
### The kit for songs

Finding songs takes edge's code, the kernels of one kind of processor, and the models {models}: **{kit}
MB**, beside Python, NumPy, onnxruntime and PyAV."""

EXTRAS = """\
## Extras

What each adds to a plain installation."""

DOWN = """\
## A way down

### Files that edge does not load

Each step also has those before it; after each, `edge songs` finds the same and `edge doctor` has no complaint
(`python -m tools.size trim WHEEL`)."""

FFMPEG = """\
### FFmpeg

PyAV's wheel has all of FFmpeg and what that depends on: {all} MB of libraries, {own} MB of them FFmpeg's
own."""

RECIPE = """\
These options build an FFmpeg with what edge uses: the demuxers that it opens, the muxers and encoders that
it writes, the filters of its graphs, and all native decoders, so that everything is read that is read now.
They are made from the code: `python -m tools.size ffmpeg`; `--live` adds the protocols of streams, `--lgpl`
takes OpenH264 in place of x264 and x265."""

BUILT = """\
PyAV is then compiled with it: `pip install --no-binary av av` with `PKG_CONFIG_PATH` set to that FFmpeg,
version 8 for PyAV 18. {built} edge has not
been run with it. The libraries of encoders and dav1d come on top, as above; without `--enable-libx265`, which
is the largest, edge writes no video of more than 8 bits."""

RUNTIME = """\
### onnxruntime

A build with the operators and types of the models that ship and no others takes a file that edge writes:

    python -m tools.convert.operators -o required.config
    ./build.sh --config MinSizeRel --build_shared_lib --build_wheel --parallel --skip_tests \\
        --disable_ml_ops --include_ops_by_config required.config --enable_reduced_operator_type_support

`./build.sh` is that of onnxruntime's sources. Name folders of your own models in front of `-o`. The file
has the operators of the networks as they are stored and as onnxruntime optimizes them, so the build runs
`.onnx` and `.ort` files; with `--minimal_build extended` it runs `.ort` files alone. What such a build weighs
has not been measured."""

ORT = """\
### .ort files

onnxruntime's own format loads faster, because it is optimized already, and is not smaller. Processor time
of loading a network, median of 15, with onnxruntime {runtime} on {processor}:"""


def page(sizes: Path) -> str:
    """Return the page, from the measurements in a folder."""
    installed = msgspec.json.decode((sizes / "install.json").read_bytes(), type=Installed)
    networks = msgspec.json.decode((sizes / "models.json").read_bytes(), type=Networks)
    trimmed = msgspec.json.decode((sizes / "trim.json").read_bytes(), type=list[Trimmed])
    own = sum(installed.ffmpeg.get(name, 0) for name in FFMPEG_PARTS)
    options = " \\\n".join(["./configure", *flags()])
    parts = [
        INTRODUCTION,
        PLAIN.format(machine=installed.machine, python=installed.python, wheel=mb(installed.wheel)),
        _table(("package", "MB"), _rows(installed.plain, least=50_000)),
        "edge itself:",
        _table(("part", "MB"), _rows(installed.edge)),
        KIT.format(models=", ".join(SONG_MODELS), kit=mb(song_kit(installed))),
        EXTRAS,
        _table(("extra", "adds MB", "packages"), _extra_rows(installed)),
        DOWN,
        _table(("left out", "MB that are left"), ((one.what, mb(one.size)) for one in trimmed)),
        FFMPEG.format(all=mb(sum(installed.ffmpeg.values())), own=mb(own)),
        _table(("library", "MB"), _rows(installed.ffmpeg, least=1_000_000)),
        RECIPE,
        indent(options, "    "),
        BUILT.format(built=_built(built(sizes / "ffmpeg.json"))),
        RUNTIME,
        ORT.format(runtime=networks.runtime, processor=networks.processor),
        _table(("network", ".onnx MB", ".ort MB", ".onnx ms", ".ort ms"), _network_rows(networks)),
    ]
    return "\n\n".join(parts) + "\n"


def song_kit(installed: Installed) -> int:
    """Return the bytes of what finding songs takes: code, the largest library of kernels, models."""
    kernels = max(size for name, size in installed.edge.items() if name.startswith("kernels: "))
    models = sum(installed.edge[f"models: {name}"] for name in SONG_MODELS)
    return installed.edge["code"] + kernels + models


def mb(size: int) -> str:
    """Format bytes.

    >>> mb(1_234_567), mb(123_456_789), mb(12_345)
    ('1.2', '123', '0.01')
    """
    value = size / 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def _built(builds: dict[str, Sizes]) -> str:
    """Return what FFmpeg's own libraries weigh in builds, by what those are."""
    sums = {name: sum(sizes.get(part, 0) for part in FFMPEG_PARTS) for name, sizes in builds.items()}
    return " ".join(f"{name} has {mb(size)} MB of its own libraries." for name, size in sums.items())


def _rows(sizes: Sizes, least: int = 0) -> Iterator[tuple[str, str]]:
    """Yield names with their sizes; those under `least` bytes as one row."""
    few = {name: size for name, size in sizes.items() if size < least}
    yield from ((name, mb(size)) for name, size in sizes.items() if name not in few)
    if few:
        yield f"{len(few)} more", mb(sum(few.values()))
    yield "**all**", mb(sum(sizes.values()))


def _extra_rows(installed: Installed) -> Iterator[tuple[str, ...]]:
    for name, added in installed.extras.items():
        listed = ", ".join(f"{package} {mb(size)}" for package, size in added.items() if size >= 1_000_000)
        yield f"`{name}`", mb(sum(added.values())), listed or ", ".join(added)


def _network_rows(networks: Networks) -> Iterator[tuple[str, ...]]:
    for one in networks.networks:
        sizes, times = (one.onnx, one.ort), (one.onnx_load_ms, one.ort_load_ms)
        yield one.name, *(f"{size / 1e6:.2f}" for size in sizes), *(f"{time:.1f}" for time in times)
    columns = [
        (one.onnx / 1e6, one.ort / 1e6, one.onnx_load_ms, one.ort_load_ms) for one in networks.networks
    ]
    yield "**all**", *(f"{sum(column):.1f}" for column in zip(*columns, strict=True))


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ("---",) * len(header), *rows))
