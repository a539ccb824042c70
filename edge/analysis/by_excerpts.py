"""What a few frames and seconds of a recording show and sound like, for tags and for choosing music."""

from __future__ import annotations

from edge.analysis.job import Job
from edge.analysis.options import Part
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.vocabulary import Progress


def analyze_excerpts(job: Job, progress: Progress) -> Excerpts | None:
    """Decode excerpts; None if nothing needs them. Raises as `analyze`."""
    parts: list[Part] = ["tags"] if job.options.wants("tags") else []
    parts += ["music"] if job.options.wants("music") and not job.composes else []
    if not parts:
        return None
    with job.part(*parts):
        networks, options = job.networks.tagging.excerpts, job.options.tags.excerpts
        return job.remembered(
            Excerpts,
            (networks.identity, options),
            lambda: collect_excerpts(job.recording, networks, options, progress=progress),
        )
    return None


def open_library(job: Job, _progress: Progress) -> None:
    """Encode the tags to choose from, if tags are wanted. Raises as `analyze`."""
    if job.options.wants("tags"):
        with job.part("tags"):
            _ = job.networks.library
