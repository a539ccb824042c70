"""Write what is kept of a recording as a sequence of files: each part between two cuts is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from edge import schema
from edge.errors import InputError, OutputError
from edge.files import refuse_existing, refuse_unwritable, whole_files
from edge.media import concat
from edge.quickcut.clean import CleanPlan, as_rendered, media_ranges
from edge.quickcut.options import CleanOptions
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Progress


@dataclass(frozen=True, slots=True)
class CleanClip:
    """A part of a recording in a file of its own."""

    file: Path
    """Path of the file."""
    start: float
    """Start in seconds of the recording."""
    end: float
    """End in seconds of the recording."""
    notes: tuple[str, ...] = ()
    """Why video was encoded instead of copied, and what could not be kept, one line each."""

    def to_document(self) -> schema.Part:
        """Return the clip in the form of JSON documents."""
        return schema.Part(schema.seconds(self.start), schema.seconds(self.end), str(self.file))


def clean_clips(
    plan: CleanPlan,
    folder: str | PathLike[str],
    options: CleanOptions | None = None,
    *,
    suffix: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[CleanClip, ...]:
    """Write each part that a plan keeps to `folder/NAME-001.EXT` and so on, in order: all of them or none.

    The parts begin and end where those of `clean` do, and are rendered as `edge.media.concat` describes; the
    audio is faded at both ends. `suffix` selects the format, by default the recording's. Files of an earlier
    sequence of the same name and suffix are refused, or with `force` replaced, also if they are more. Raises
    InputError if nothing would be left, and the errors of `concat`.
    """
    options, folder = options or CleanOptions(), Path(folder)
    recording = plan.recording
    stem, suffix = recording.path.stem, suffix or recording.path.suffix
    earlier = refuse_sequence(folder, stem, suffix, force=force)
    parts = list(_parts(as_rendered(plan)[0].timeline)) if plan.timeline.clips else []
    if not parts:
        raise InputError(recording.path, "would be empty: it has no speech")
    clips, done_s, total_s = [], 0.0, plan.kept_s
    with whole_files(folder, force=force) as drafts:
        for number, part in enumerate(parts, 1):
            name, ranges = f"{stem}-{number:03}{suffix}", media_ranges(recording, part)
            try:
                joined = concat(ranges, drafts / name, smart=options.smart, crossfade_s=options.crossfade_s)
            except OutputError as error:
                raise OutputError(folder / name, error.what) from error
            why = f"all video encoded, because {joined.why}" if joined.how == "encoded" else ""
            notes = tuple(filter(None, [why, joined.note]))
            clips.append(CleanClip(folder / name, float(part[0].trim_in), float(part[-1].trim_out), notes))
            done_s += float(sum(clip.length for clip in part))
            if progress:
                progress(min(1.0, done_s / total_s))
    for file in set(earlier) - {clip.file for clip in clips}:
        file.unlink(missing_ok=True)
    return tuple(clips)


def _parts(timeline: Timeline) -> Iterator[list[Clip]]:
    """Yield clips between two cuts: a part may have muted and faster clips in it."""
    held: list[Clip] = []
    for clip in timeline.clips:
        if held and held[-1].trim_out != clip.trim_in:
            yield held
            held = []
        held.append(clip)
    if held:
        yield held


def refuse_sequence(folder: Path, stem: str, suffix: str, *, force: bool) -> list[Path]:
    """Return the files of an earlier sequence. Raises OutputError if there are any and `force` is false."""
    name = re.compile(rf"{re.escape(stem)}-\d{{3,}}{re.escape(suffix)}")
    found = sorted(file for file in folder.iterdir() if name.fullmatch(file.name)) if folder.is_dir() else []
    for file in found:
        refuse_existing(file, force)
    refuse_unwritable(folder)
    return found
