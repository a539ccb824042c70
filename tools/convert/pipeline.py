"""One network through the whole conversion: make each kind, run it, compare, judge, write what ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edge.errors import EdgeError, OutputError, UsageError
from edge.models.backends.paddle import processor
from edge.models.folder import ModelFolder
from edge.models.limits import MIB
from edge.models.manifest import Network
from edge.models.session import Session
from tools.convert.compare import Arrays, Bounds, Result, as_data, errors, judge, memory_mb, table, times
from tools.convert.environments import ConversionError, Inputs, one_line
from tools.convert.folder import rewrite, write_folder
from tools.convert.kinds import Kind, Workbench, fixed_tensors

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
    the reasons. Raises OutputError, before any work, if a folder exists and `force` is false; EdgeError if
    the source itself cannot be run.
    """
    _refuse_existing([out / f"{model}-{kind.name}" for kind in kinds], force)
    tell("running the source")
    truth = _truth(bench, examples)
    done = Conversion()
    folders: dict[str, ModelFolder] = {}
    for kind in kinds:
        tell(f"making {kind.name}")
        try:
            file = bench.make(kind)
            network = describe_network(bench, kind, file.name, truth[0])
            drafts = bench.scratch / "folders"
            folders[kind.name] = write_folder(
                drafts / kind.name, {file.name: file}, force=True, networks={ROLE: network},
                id=f"{model}-{kind.name}", task="network", quantization=kind.quantization, **facts,
            )  # fmt: skip
        except EdgeError as error:
            done.reasons[kind.name] = [str(error)]
    tell("comparing")
    _compare(folders, examples, truth, done, score)
    exact = score(lambda example: bench.source.run([example])[0]) if score else None
    _judge(kinds, bounds, done, exact)
    for name, folder in folders.items():
        if not done.reasons.get(name):
            done.folders.append(_ship(folder, out / folder.manifest.id, done, name, force))
    return done


def _truth(bench: Workbench, examples: Sequence[Inputs]) -> list[Arrays]:
    """What the source gives. Raises UsageError for inputs with other names, ConversionError if it fails."""
    names = [tensor.name for tensor in bench.tensors[0]]
    if set(names) != set(examples[0]):
        given = ", ".join(examples[0])
        raise UsageError(f"the network's inputs are called {', '.join(names)}, those given {given}")
    try:
        return bench.source.run(examples)
    except EdgeError:
        raise
    except Exception as error:  # whatever the network raises
        raise ConversionError(f"the source fails on these inputs: {one_line(error)}") from error


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
) -> None:
    """Run every folder that this machine can run."""
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
    for name, got in outputs.items():
        folder = folders[name]
        size = (folder.path / folder.network(ROLE).file).stat().st_size / MIB
        measured: dict[str, Any] = errors(got, truth)
        measured |= {"milliseconds": taken[name], "accuracy": scores.get(name)}
        done.results.append(Result(name, size, **measured, memory_mb=memory_mb(folder, ROLE, examples)))


def _run(session: Session, examples: Sequence[Inputs]) -> list[Arrays]:
    return [_call(session, example) for example in examples]


def _call(session: Session, example: Inputs) -> Arrays:
    return session.run(*(example[tensor.name] for tensor in session.inputs))


def _judge(kinds: Sequence[Kind], bounds: Bounds, done: Conversion, accuracy: float | None) -> None:
    results = {result.kind: result for result in done.results}
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
