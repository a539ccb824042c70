"""`edge caption MEDIA [-o FILE]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from edge.cache import Cache
from edge.captions.transcribe import caption
from edge.cli import show
from edge.cli.progress import Progress
from edge.errors import UsageError
from edge.evidence.speech.chunks import SpeechOptions
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.transcript import Settings, Transcript
from edge.files import refuse_existing, refuse_unwritable
from edge.timeline.export import CAPTION_WRITERS, write_captions
from edge.vocabulary import Caption


def run(options: argparse.Namespace) -> None:
    """Recognize, write the file if asked to, show."""
    if options.output:
        refuse_existing(options.output, options.force)
        refuse_unwritable(options.output.parent)
        if options.output.suffix.lower() not in CAPTION_WRITERS:
            raise UsageError(f"{options.output}: captions go to {' '.join(CAPTION_WRITERS)}")
    found = listen(options)
    if options.output:
        write_captions(found.captions, options.output, force=options.force)
    if options.json:
        show.print_json(
            {
                "media": show.media(found),
                "language": found.language,
                "captions": show_captions(found.captions),
            }
        )
    else:
        print_captions(found, options)
    show.print_notes(found)


def listen(options: argparse.Namespace) -> Transcript:
    """Recognize what is said."""
    if options.threads < 1:
        raise UsageError(f"--threads must be at least 1, got {options.threads}")
    with Progress("listening") as progress:
        return caption(
            options.media,
            Settings(speech=SpeechOptions(include_singing=options.include_singing)),
            recognizer=open_recognizer(options.model, language=options.language, threads=options.threads),
            audio_stream=options.audio_stream,
            cache=None if options.no_cache else Cache(),
            progress=progress,
        )


def show_captions(captions: Sequence[Caption]) -> list[dict[str, Any]]:
    """The `captions` list of a document."""
    return [
        {
            "start": round(one.start, 3),
            "end": round(one.end, 3),
            "text": one.text,
            "words": [
                {"start": round(word.start, 3), "end": round(word.end, 3), "text": word.text}
                for word in one.words
            ],
        }
        for one in captions
    ]


def print_captions(found: Transcript, options: argparse.Namespace) -> None:
    """A line a caption, or what was written."""
    if not found.captions:
        print(f"{found.media.path.name}: nothing is said in {show.clock(found.duration_s)}")
    elif options.output:
        count = len(found.captions)
        print(f"{options.output}: {count} caption{'s' * (count > 1)} in {found.language}")
    else:
        for one in found.captions:
            print(f"{show.clock(one.start):>9} - {show.clock(one.end):>9}  {one.text}")
