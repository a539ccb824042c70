"""Cut each song of a recording to a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from os import PathLike
from pathlib import Path

from edge.errors import UsageError
from edge.files import fill_in, refuse_existing
from edge.media import MediaRange, concat, cut, default_suffix
from edge.media.write.containers import target_for
from edge.songs.find import SongSearchResult
from edge.songs.song import SongClip
from edge.vocabulary import Progress

FADE_S = 0.01
"""Length of the fade at both ends of a clip in seconds: inaudible, but long enough to prevent clicks."""

TEMPLATE = "{stem}-{number:02}"
"""Name of a clip without its suffix; `{title}` is the recording's title, or its name."""


def cut_songs(
    result: SongSearchResult,
    folder: str | PathLike[str],
    *,
    copy: bool = False,
    suffix: str | None = None,
    template: str = TEMPLATE,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[SongClip, ...]:
    """Write each song to a file: `folder/NAME-01.mp4` and so on, frame-accurate.

    Video frames are copied where the codec allows it (see `edge.media.concat`); `copy` copies everything and
    so begins at a keyframe. `suffix` chooses the container. `template` names the clips by `{stem}`,
    `{number}`, `{title}`, `{start}` and `{end}` (whole seconds). Title, track number and source are written
    into the clips. All names are checked before the first file is written. Raises OutputError, UsageError,
    InputError.
    """
    files = clip_files(result, Path(folder), copy=copy, suffix=suffix, template=template)
    for file in files:
        refuse_existing(file, force)
    clips = []
    for number, (song, file) in enumerate(zip(result.songs, files, strict=True), 1):
        tags = _tags(result, number)
        report = _part(progress, number - 1, len(files))
        if copy:
            done = cut(result.recording, song.span, file, copy=True, force=force, tags=tags)
            start, end, notes = done.start_s, done.end_s, [done.note]
        else:
            wanted = MediaRange(result.recording, Fraction(song.start), Fraction(song.end))
            joined = concat([wanted], file, crossfade_s=FADE_S, tags=tags, force=force, progress=report)
            start, end = (float(time) for time in (joined.ranges[0].start, joined.ranges[0].end))
            why = f"all video encoded, because {joined.why}" if joined.how == "encoded" else ""
            notes = [why, joined.note]
        whole = replace(song, start=start, end=end, prelude=song.prelude + song.start - start)
        clips.append(SongClip(whole, file, tuple(filter(None, notes))))
        report(1.0)
    return tuple(clips)


def clip_files(
    result: SongSearchResult,
    folder: Path,
    *,
    copy: bool = False,
    suffix: str | None = None,
    template: str = TEMPLATE,
) -> list[Path]:
    """Return the file of each clip. Raises UsageError for an unknown suffix or field, or two of one name."""
    recording = result.recording
    suffix = suffix or (recording.path.suffix if copy else default_suffix(recording.info))
    target_for(Path(f"clip{suffix}"))
    title = recording.info.metadata.get("title") or recording.path.stem
    files = []
    for number, song in enumerate(result.songs, 1):
        name = fill_in(
            template,
            stem=recording.path.stem,
            number=number,
            title=title.replace("/", "-"),
            start=int(song.start),
            end=int(song.end),
        )
        files.append(folder / f"{name}{suffix}")
    if len(set(files)) < len(files):
        raise UsageError(f"the template {template!r} gives several songs one name; add {{number}}")
    return files


def _tags(result: SongSearchResult, number: int) -> dict[str, str]:
    recording = result.recording
    source = recording.info.metadata.get("title") or recording.path.stem
    tags = {
        "title": f"{source} {number}",
        "track": f"{number}/{len(result.songs)}",
        "album": source,
        "comment": f"from {recording.path.name}",
    }
    return {name: value.encode(errors="replace").decode() for name, value in tags.items()}  # names of files


def _part(progress: Progress | None, done: int, count: int) -> Callable[[float], None]:
    """Return the progress callback of one of `count` files, each an equal share of the work."""
    return lambda share: progress((done + share) / count) if progress else None
