"""One network through the whole conversion: make each kind, run it, compare, judge, write what ships."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import EdgeError, OutputError, UsageError
from edge.models.backends.paddle import processor
from edge.models.folder import ModelFolder
from edge.models.limits import MIB
from edge.models.manifest import Network
from edge.models.session import Session
from tools.convert import passes
from tools.convert.compare import (
    Arrays,
    Bounds,
    Result,
    as_data,
    errors,
    inaccuracies,
    judge,
    memory_mb,
    table,
    times,
)
from tools.convert.environments import ConversionError, Inputs, one_line
from tools.convert.folder import rewrite, write_folder
from tools.convert.kinds import KINDS, Kind, Workbench, fixed_tensors

Run = Callable[[Inputs], Arrays]
"""A network as a function: inputs by name, of batch 1, to its outputs."""

Score = Callable[[Run], float]
"""How good a network is at its task, higher is better; it asks the network what it wants to."""

ROLE = "network"
"""Of the only network of a converted folder."""


@dataclass
class Conversion:
    """What came of it."""

    results: list[Result] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Kind -> why it does not ship."""
    folders: list[Path] = field(default_factory=list)
    """What ships."""


def convert(
    bench: Workbench,
    kinds: Sequence[Kind],
    examples: Sequence[Inputs],
    bounds: Bounds,
    *,
    out: Path,
    model: str,
    facts: Mapping[str, Any],
    score: Score | None = None,
    force: bool = False,
    tell: Callable[[str], None] = lambda what: None,
) -> Conversion:
    """Make each of `kinds` of the bench's source; folders of those that pass go to `out`/`model`-KIND.

    `examples` are inputs that calibration has not seen; `facts` are version, licence and source for the
    manifest; `score` measures the task's accuracy. What cannot be made or run here does not ship, and is in
    the reasons; a kind that is not accurate enough is followed by its `instead`. Raises OutputError, before
    any work, if a folder exists and `force` is false; EdgeError if the source itself cannot be run.
    """
    _refuse_existing([out / f"{model}-{kind.name}" for kind in kinds], force)
    tell("running the source")
    truth = _truth(bench, examples)
    exact = score(lambda example: bench.source.run([example])[0]) if score else None
    done = Conversion()
    folders: dict[str, ModelFolder] = {}

    def attempt(kinds: Sequence[Kind], beside: Collection[str] = ()) -> None:
        made = _make(bench, kinds, truth[0], done, id=model, tell=tell, **facts)
        folders.update(made)
        tell("comparing")
        results = _compare({name: folders[name] for name in (*beside, *made)}, examples, truth, done, score)
        _judge(kinds, bounds, done, {result.kind: result for result in results}, exact)
        done.results += [result for result in results if result.kind not in beside]

    attempt(kinds)
    if others := _others(kinds, bounds, done, exact):
        _refuse_existing([out / f"{model}-{kind.name}" for kind in others], force)
        attempt(others, [kind.replaces for kind in others if kind.replaces in folders and kind.replaces])
    for name, folder in folders.items():
        if not done.reasons.get(name):
            done.folders.append(_ship(folder, out / folder.manifest.id, done, name, force))
    return done


def _make(
    bench: Workbench,
    kinds: Sequence[Kind],
    outputs: Arrays,
    done: Conversion,
    *,
    id: str,
    tell: Callable[[str], None],
    **facts: Any,
) -> dict[str, ModelFolder]:
    """Draft folders by kind; what cannot be made is in the reasons."""
    folders = {}
    for kind in kinds:
        tell(f"making {kind.name}")
        try:
            file = bench.make(kind)
            _refuse_unquantized(kind, file, bench)
            network = describe_network(bench, kind, file.name, outputs)
            folders[kind.name] = write_folder(
                bench.scratch / "folders" / kind.name, {file.name: file}, force=True,
                networks={ROLE: network}, id=f"{id}-{kind.name}", task="network",
                quantization=kind.quantization, **facts,
            )  # fmt: skip
        except EdgeError as error:
            done.reasons[kind.name] = [str(error)]
    return folders


def _others(kinds: Sequence[Kind], bounds: Bounds, done: Conversion, accuracy: float | None) -> list[Kind]:
    """What to try for the kinds that were not accurate enough."""
    wrong = {result.kind for result in done.results if inaccuracies(result, bounds, accuracy)}
    asked = {kind.name for kind in kinds}
    return [
        KINDS[kind.instead]
        for kind in kinds
        if kind.name in wrong and kind.instead and kind.instead not in asked
    ]


def _truth(bench: Workbench, examples: Sequence[Inputs]) -> list[Arrays]:
    """What the source gives. Raises UsageError for inputs with other names, ConversionError if it fails."""
    names = [tensor.name for tensor in bench.tensors[0]]
    if set(names) != set(examples[0]):
        given = ", ".join(examples[0])
        raise UsageError(f"the network's inputs are called {', '.join(names)}, those given {given}")
    refuse_unsound(bench)
    try:
        outputs = bench.source.run(examples)
    except EdgeError:
        raise
    except Exception as error:  # whatever the network raises
        raise ConversionError(f"{bench.source.name} fails on these inputs: {one_line(error)}") from error
    if not all(np.isfinite(array).all() for arrays in outputs for array in arrays):
        raise ConversionError(f"{bench.source.name} gives NaN or infinity for these inputs")
    return outputs


def refuse_unsound(bench: Workbench) -> None:
    """Refuse weights that hold NaN, or infinity where they are multiplied. Raises ConversionError."""
    if bad := passes.unsound_weights(passes.load(bench.onnx)):
        raise ConversionError(f"{bench.source.name} has NaN or infinity in its weights: {', '.join(bad)}")


def _refuse_unquantized(kind: Kind, file: Path, bench: Workbench) -> None:
    """Refuse an int8 file that holds no int8 weights or is not smaller. Raises ConversionError."""
    if not kind.quantization.startswith("int8"):
        return
    if kind.suffix == ".onnx" and not passes.int8_weights(passes.load(file)):
        raise ConversionError("none of its weights could be made int8")
    source, size = bench.bytes_before(kind), file.stat().st_size
    if not size < source:
        raise ConversionError(f"{size} bytes in int8, and the network as it is has {source}")


def describe_network(bench: Workbench, kind: Kind, file: str, outputs: Arrays) -> Network:
    """What a manifest says of a file of a kind; `outputs` are those of one calibration input's shapes."""
    inputs, results = bench.tensors
    if kind.fixed:
        inputs = fixed_tensors(inputs, [bench.calibration[0][tensor.name] for tensor in inputs])
        results = fixed_tensors(results, outputs)
    return Network(file, inputs, results, kind.quantization, kind.target, kind.version)


def _compare(
    folders: Mapping[str, ModelFolder],
    examples: Sequence[Inputs],
    truth: Sequence[Arrays],
    done: Conversion,
    score: Score | None,
) -> list[Result]:
    """Run every folder that this machine can run; what fails to load is in the reasons."""
    with ExitStack() as stack:
        sessions: dict[str, Session] = {}
        for name, folder in folders.items():
            target = folder.network(ROLE).target
            if target not in (None, processor()):
                continue
            try:
                sessions[name] = stack.enter_context(Session(folder, ROLE))
            except EdgeError as error:
                done.reasons[name] = [str(error)]
        outputs = {name: _run(session, examples) for name, session in sessions.items()}
        taken = times(sessions, examples)
        scores = {name: score(partial(_call, s)) for name, s in sessions.items()} if score else {}
    results = []
    for name, got in outputs.items():
        folder = folders[name]
        size = (folder.path / folder.network(ROLE).file).stat().st_size / MIB
        measured: dict[str, Any] = errors(got, truth)
        measured |= {**taken[name], "accuracy": scores.get(name)}
        results.append(Result(name, size, **measured, memory_mb=memory_mb(folder, ROLE, examples)))
    return results


def _run(session: Session, examples: Sequence[Inputs]) -> list[Arrays]:
    return [_call(session, example) for example in examples]


def _call(session: Session, example: Inputs) -> Arrays:
    return session.run(*(example[tensor.name] for tensor in session.inputs))


def _judge(
    kinds: Sequence[Kind],
    bounds: Bounds,
    done: Conversion,
    results: Mapping[str, Result],
    accuracy: float | None,
) -> None:
    for kind in kinds:
        twin = kind.name.replace("arm", "x86").removesuffix("-fp16")
        if kind.name in done.reasons:
            continue
        if kind.name in results:
            replaced = results.get(kind.replaces) if kind.replaces else None
            done.reasons[kind.name] = judge(results[kind.name], replaced, bounds, accuracy)
        elif twin in results:  # for another processor: judged by what was run here
            done.reasons[kind.name] = [*done.reasons.get(twin, [])]
        else:
            done.reasons[kind.name] = [f"cannot be run here; ask for {twin}, too, to have it compared"]


def _ship(folder: ModelFolder, path: Path, done: Conversion, kind: str, force: bool) -> Path:
    """The folder with its card and its measurements, where it belongs."""
    manifest = folder.manifest
    measured = next((as_data(result) for result in done.results if result.kind == kind), {})
    card = (
        f"# {manifest.id}\n\nMade from `{manifest.source}`; weights: {manifest.licence}. "
        f"Quantization: {manifest.quantization}.\n\nMeasured against its source on real inputs:\n\n"
        f"{table(done.results, done.reasons)}\n"
    )
    return rewrite(folder, {"CARD.md": card.encode()}, path=path, force=force, accuracy=measured).path


def _refuse_existing(paths: Sequence[Path], force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise OutputError(path, "already exists; choose another id or pass --force")
