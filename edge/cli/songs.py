"""`edge songs MEDIA [-o DIR]`."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from edge.cli import show
from edge.cli.progress import Progress
from edge.errors import UsageError
from edge.files import refuse_existing, refuse_unwritable, whole_file
from edge.media.write.containers import target_for
from edge.networks.segmenter import Segmenter
from edge.songs.options import Settings
from edge.songs.search import Clip, Found, cut_songs, search


def run(options: argparse.Namespace) -> None:
    """Search, cut if asked to, draw if asked to, show."""
    if options.output is None and (options.copy or options.suffix):
        raise UsageError("--copy and --suffix are about the clips: add -o DIR")
    if options.output:
        check_output(options)
    found = listen(options, settings(options))
    clips = cut(options, found) if options.output else []
    if options.json:
        show.print_json(document(found, clips))
    else:
        print_table(found, clips)
    show.print_notes(found)


def check_output(options: argparse.Namespace) -> None:
    """Refuse now what could not be written after an hour of listening."""
    refuse_unwritable(options.output)
    refuse_existing(listing(options), options.force)
    if options.suffix:
        target_for(Path(f"clip{options.suffix}"))


def listing(options: argparse.Namespace) -> Path:
    """The file that lists songs and segments beside the clips."""
    return Path(options.output) / f"{options.media.stem}.songs.json"


def settings(options: argparse.Namespace) -> Settings:
    """The settings that were typed over the defaults, or over the published method's."""
    typed = {
        field.name: value
        for field in fields(Settings)
        if (value := getattr(options, field.name, None)) is not None
    }
    if not getattr(options, "as_source", False):
        return Settings(**typed)
    source = Settings.as_published()
    return Settings(**{field.name: getattr(source, field.name) for field in fields(Settings)} | typed)


def listen(options: argparse.Namespace, chosen: Settings) -> Found:
    """Search the recording and draw the plot, if asked for."""
    if options.threads < 1:
        raise UsageError(f"--threads must be at least 1, got {options.threads}")
    if options.plot:
        refuse_existing(options.plot, options.force)
    with Progress("listening") as progress:
        found = search(
            options.media,
            chosen,
            segmenter=Segmenter(options.model, threads=options.threads),
            audio_stream=options.audio_stream,
            progress=progress,
        )
    if options.plot:
        from edge.songs.plot import plot  # noqa: PLC0415 - matplotlib is an extra

        plot(found, options.plot, force=options.force)
    return found


def cut(options: argparse.Namespace, found: Found) -> list[Clip]:
    """Write the clips, and beside them the list of songs and segments."""
    with Progress("cutting") as progress:
        clips = cut_songs(
            found,
            options.output,
            copy=options.copy,
            suffix=options.suffix,
            force=options.force,
            audio_stream=options.audio_stream,
            progress=progress,
        )
    with whole_file(listing(options), force=options.force) as draft:
        text = json.dumps({"schema": show.SCHEMA, **document(found, clips)}, indent=2, ensure_ascii=False)
        draft.write_text(text + "\n", encoding="utf-8")
    return clips


def document(found: Found, clips: list[Clip]) -> dict[str, Any]:
    """The JSON document of this command."""
    return {"media": show.media(found), "songs": show.songs(found, clips), "segments": show.segments(found)}


def print_table(found: Found, clips: list[Clip]) -> None:
    """One line a song."""
    count = len(found.songs)
    what = "no song" if not count else f"{count} song{'s' * (count > 1)}"
    print(f"{found.media.path.name}: {what} in {show.clock(found.duration_s)}")
    songs = [clip.song for clip in clips] or found.songs
    for number, song in enumerate(songs, 1):
        music = f"prelude {song.prelude:4.1f} s, postlude {song.postlude:4.1f} s"
        file = f"  {clips[number - 1].file}" if clips else ""
        print(
            f"{number:3}  {show.clock(song.start):>9} - {show.clock(song.end):>9}  "
            f"{music}, confidence {song.confidence:.2f}{file}"
        )
