"""The converters' own Python environments: they cannot share one interpreter.

    python -m tools.convert.environments litert|paddle|onnx2tf|paddle-runtime|all

makes them in `.environments/NAME` at the root of the checkout, or in the folder that EDGE_ENVIRONMENTS names.
Where one stands already with the same pinned packages, nothing is done. A conversion is a script of
`tools/convert/inside`, run there as a process: the job goes in as JSON, the answer comes out as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError

Inputs = Mapping[str, NDArray[Any]]
"""What goes into a network once: arrays by the names of its inputs, in their order."""

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"
MARKER = "requirements.txt"
"""File in an environment that lists what was installed into it, written last."""


class MissingEnvironmentError(EdgeError):
    """An environment is not made, or cannot be; `name` is which."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(name, what)  # what unpickling calls it with
        self.name, self.what = name, what

    def __str__(self) -> str:
        return f"environment {self.name}: {self.what}"


class ConversionError(EdgeError):
    """A converter gave up; `log` is the file with all that it said, where there is one."""

    def __init__(self, what: str, log: Path | None = None) -> None:
        super().__init__(f"{what} (log: {log})" if log else what)
        self.log = log


@dataclass(frozen=True)
class Environment:
    """One interpreter with packages that were tried together."""

    python: str
    """Version of Python, as in `python3.10`."""
    requirements: tuple[str, ...]
    """Exact pins: the packages that are called, and those of their dependencies that broke one of them."""


ENVIRONMENTS = {
    "litert": Environment(
        "3.11",
        (
            "torch==2.13.0",  # the CPU build; any other version brings gigabytes for graphics cards
            "litert-torch==0.10.0",
            "ai-edge-quantizer==0.10.0",
            "ai-edge-litert==2.3.0",
            "litert-converter==0.5.0",
            "jax==0.10.2",
            "torchao==0.18.0",
            "transformers==5.23.0",
            "numpy==2.4.6",
            "onnx==1.23.2",
        ),
    ),
    "paddle": Environment(
        "3.10",
        (
            "paddlepaddle==2.6.2",
            "x2paddle==1.6.0",
            "paddle2onnx==1.3.1",
            "paddlelite==2.13rc0",  # brings paddle_lite_opt
            "onnx==1.16.2",
            "numpy==1.26.4",
            "protobuf==7.36.2",
            "six==1.17.0",  # x2paddle imports it and what follows, and names neither
            "requests==2.34.2",
        ),
    ),
    "paddle-runtime": Environment("3.10", ("paddlelite==2.13rc0", "numpy==1.26.4")),
    "onnx2tf": Environment("3.11", ("onnx2tf==1.29.24",)),  # pins all that it calls itself
}

QUIET = {
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_OFFLINE": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "PYTHONNOUSERSITE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TRANSFORMERS_OFFLINE": "1",
}
"""Set for every conversion, so that none looks for a graphics card or a hub."""


def folder(name: str) -> Path:
    """Where the environment `name` belongs, whether it is there or not."""
    base = os.environ.get("EDGE_ENVIRONMENTS")
    return (Path(base) if base else ROOT / ".environments") / name


def interpreter(name: str) -> Path:
    """The Python of an environment. Raises MissingEnvironmentError with the command that makes it."""
    if not _stands(name):
        command = f"python -m tools.convert.environments {name}"
        raise MissingEnvironmentError(name, f"is not made, or for other versions; make it with: {command}")
    return folder(name) / "bin" / "python"


def make(name: str) -> Path:
    """Make the environment unless it stands, which takes minutes and gigabytes; returns its folder.

    Raises MissingEnvironmentError if Python of the version that it needs is not to be found or the packages
    are not to be had.
    """
    place = folder(name)
    if _stands(name):
        return place
    python = _find_python(name, ENVIRONMENTS[name].python)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    log = place.parent / f"{name}.log"
    requirements = ENVIRONMENTS[name].requirements
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--no-input", *requirements]
    with log.open("w", encoding="utf-8") as said:
        for command in ([python, "-m", "venv", str(place)], pip):
            if subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, check=False).returncode:
                raise MissingEnvironmentError(name, f"{last_word(log)} (log: {log})")
    (place / MARKER).write_text(_listing(name), encoding="utf-8")
    return place


def run(name: str, script: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """Run `inside/SCRIPT.py` in the environment `name`; job and answer are anything that JSON can say.

    Raises MissingEnvironmentError if the environment is not made, ConversionError with the last meaningful
    line that was printed if the script fails; the log is kept then.
    """
    python = interpreter(name)
    logs = folder(name).parent / "logs"
    logs.mkdir(exist_ok=True)
    handle, log_name = tempfile.mkstemp(prefix=f"{name}-{script}-", suffix=".log", dir=logs)
    log = Path(log_name)
    with tempfile.TemporaryDirectory() as scratch, os.fdopen(handle, "w") as said:
        asked, answered = Path(scratch, "job.json"), Path(scratch, "answer.json")
        asked.write_text(json.dumps(job), encoding="utf-8")
        command = [str(python), str(INSIDE / f"{script}.py"), str(asked), str(answered)]
        path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
        environment = {**os.environ, **QUIET, "PATH": path, "PYTHONPATH": ""}
        code = subprocess.run(
            command, cwd=scratch, env=environment, stdout=said, stderr=subprocess.STDOUT, check=False
        ).returncode
        if code or not answered.exists():
            ended = "" if code >= 0 else f" ended by signal {-code}"
            raise ConversionError(f"{name} {script}{ended}: {last_word(log)}", log)
        answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    log.unlink()
    return answer


def save_inputs(file: Path, inputs: Iterable[Inputs]) -> Path:
    """Write sets of inputs as .npz, each name stacked along a new first axis, for a job to name.

    Raises ConversionError if there is no set or they differ in their names or shapes.
    """
    sets = list(inputs)
    try:
        stacked: dict[str, Any] = {name: np.stack([each[name] for each in sets]) for name in sets[0]}
        np.savez(file, **stacked)
    except (IndexError, KeyError, ValueError) as error:
        raise ConversionError(
            f"inputs must be one or more sets of the same names and shapes: {error}"
        ) from error
    return file


def one_line(error: Exception) -> str:
    """Kind and first line of what a library raised."""
    line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {line}"[:300]


def _stands(name: str) -> bool:
    marker = folder(name) / MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8") == _listing(name)


def _listing(name: str) -> str:
    wanted = ENVIRONMENTS[name]
    return "\n".join([f"# Python {wanted.python}", *wanted.requirements, ""])


def _find_python(name: str, version: str) -> str:
    for candidate in _candidates(version):
        asked = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            said = subprocess.run([candidate, "-c", asked], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if said.stdout.strip() == version:  # a shim may stand on PATH for a Python that is not there
            return candidate
    where = f"on PATH or under ~/.pyenv/versions/{version}.*/bin"
    raise MissingEnvironmentError(
        name, f"needs python{version}, and there is none {where}; install Python {version}"
    )


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    yield from map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))


def last_word(log: Path) -> str:
    """The line that says most about a failure: the last one that names an error, else the last one."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if re.search(r"\w", line)]
    errors = [line for line in lines if re.match(r"[\w.]*(error|exception)\b", line, re.IGNORECASE)]
    return (errors or lines or ["it said nothing"])[-1][:300]


def main(arguments: list[str] | None = None) -> int:
    """Make the environments that the command line names, each whatever becomes of the others."""
    parser = argparse.ArgumentParser(prog="python -m tools.convert.environments", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*ENVIRONMENTS, "all"], metavar="NAME")
    names = parser.parse_args(arguments).names
    code = 0
    for name in ENVIRONMENTS if "all" in names else names:
        try:
            print(make(name), flush=True)
        except EdgeError as error:
            print(f"tools.convert.environments: {error}", file=sys.stderr)
            code = error.exit_code
    return code


if __name__ == "__main__":
    sys.exit(main())
