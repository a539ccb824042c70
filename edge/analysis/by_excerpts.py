"""What a few frames and seconds of a recording show and sound like, for tags and for choosing music."""

from __future__ import annotations

from edge.analysis.job import Job
from edge.analysis.options import Part
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.vocabulary import Progress, part_of


def analyze_excerpts(job: Job, progress: Progress) -> Excerpts | None:
    """Decode excerpts, and open the tags to choose from; None if nothing needs them. Raises as `analyze`."""
    parts: list[Part] = ["tags"] if job.options.wants("tags") else []
    parts += ["music"] if job.options.wants("music") and not job.composes else []
    if not parts:
        return None
    with job.part(*parts):
        networks, options = job.networks.tagging.excerpts, job.options.tags.excerpts
        report = part_of(progress, 0.0, 0.7)
        excerpts = job.remembered(
            Excerpts,
            (networks.identity, options),
            lambda: collect_excerpts(job.recording, networks, options, progress=report),
        )
        _ = job.networks.library  # opened while the others work
        return excerpts
    return None
