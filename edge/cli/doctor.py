"""`edge doctor`: what this installation can do on this machine, and what to install where it cannot."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from edge.cli.show import print_json
from edge.errors import EdgeError


@dataclass(frozen=True)
class Check:
    """One part of the installation."""

    name: str
    works: bool
    detail: str
    """What it is, or what is wrong and what to do."""


class UnfitError(EdgeError):
    """Something that `edge` needs does not work here."""


def run(options: argparse.Namespace) -> None:
    """Print every check; raises UnfitError if one fails."""
    checks = list(examine())
    if options.json:
        print_json({"works": all(check.works for check in checks), "checks": [asdict(c) for c in checks]})
    else:
        for check in checks:
            print(f"{check.name:<10}{'ok ' if check.works else 'NOT'}  {check.detail}")
    if broken := [check.name for check in checks if not check.works]:
        raise UnfitError(f"does not work here: {', '.join(broken)}")


def examine() -> Iterator[Check]:
    """Each part in turn, tried and not only looked up."""
    yield Check(
        "machine", True, f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    for name, part in {"kernels": _kernels, "media": _media, "network": _network, "model": _model}.items():
        try:
            yield Check(name, True, part())
        except (ImportError, OSError, EdgeError) as error:
            yield Check(name, False, " ".join(str(error).split()))


def _kernels() -> str:
    import numpy as np  # noqa: PLC0415

    from kernels.library import call, library  # noqa: PLC0415
    from kernels.sound import gain  # noqa: PLC0415

    used = library()
    gain(np.zeros(1, np.float32), 1.0)
    lanes = f"{call('lanes')} lanes"
    if used.kind == "aot":
        return f"compiled ahead of time for {used.target}, {lanes}: {used.file}"
    import numba  # noqa: PLC0415

    return f"compiled just in time by numba {numba.__version__}, {lanes}"


def _media() -> str:
    import av  # noqa: PLC0415

    return f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}"


def _network() -> str:
    import onnxruntime  # noqa: PLC0415

    providers = ", ".join(onnxruntime.get_available_providers())
    return f"onnxruntime {onnxruntime.__version__} with {providers}"


def _model() -> str:
    from edge.models.segmenter import Segmenter  # noqa: PLC0415

    folder = Segmenter().folder
    return f"{folder.manifest.id} {folder.manifest.version}: {folder.path}"
