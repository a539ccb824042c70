"""One analysis in progress: what is analyzed and how, and which parts had to be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from edge.analysis.networks import AnalysisNetworks
from edge.analysis.options import AnalysisOptions, Part
from edge.analysis.result import Result
from edge.cache import Cache, key
from edge.errors import InputError, MissingExtraError, MissingRuntimeError
from edge.evidence.stored import remembered
from edge.media import Recording

EvidenceT = TypeVar("EvidenceT")


@dataclass
class Job:
    """One analysis in progress."""

    recording: Recording
    """What is analyzed."""
    options: AnalysisOptions
    """Which parts are wanted, and how."""
    networks: AnalysisNetworks
    """By what."""
    cache: Cache | None
    """Where evidence is kept."""
    composes: bool
    """Whether music is composed; else it is chosen, if it is wanted."""
    on_result: Callable[[Result], None] | None = None
    """Called with each result."""
    left_out: dict[Part, str] = field(default_factory=dict)
    """Why parts are missing."""

    @contextmanager
    def part(self, *parts: Part) -> Iterator[None]:
        """Leave out parts for which the recording lacks something, or an extra is not installed."""
        try:
            yield
        except InputError as error:
            self.leave_out(error.what, *parts)
        except (MissingExtraError, MissingRuntimeError) as error:
            self.leave_out(str(error), *parts)

    def leave_out(self, why: str, *parts: Part) -> None:
        """Say why parts are missing."""
        self.left_out.update(dict.fromkeys(parts, why))

    def found(self, result: Result | None) -> None:
        """Pass a result on, if there is one."""
        if result is not None and self.on_result:
            self.on_result(result)

    def remembered(
        self, kind: type[EvidenceT], settings: tuple[object, ...], compute: Callable[[], EvidenceT]
    ) -> EvidenceT:
        """Return evidence of the recording from the cache, or compute it.

        `settings` are what it depends on beside the recording: options, and digests of models.
        """
        if self.cache is None:
            return compute()
        audio = tuple(stream.index for stream in self.recording.audio)
        entry = key(kind.__name__, self.cache.digest_of(self.recording), audio, *settings)
        return remembered(self.cache, entry, kind, compute)
