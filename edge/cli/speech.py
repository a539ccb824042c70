"""Speech recognition options that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

import edge
from edge.cli.progress import Progress
from edge.cli.show import say
from edge.evidence.options import SpeechOptions, TranscriptOptions

if TYPE_CHECKING:
    from edge.cache import Cache
    from edge.captions.transcribe import CaptionResult
    from edge.evidence.speech.recognizer import Recognizer
    from edge.media import Recording

DEFAULT_MODEL = "moonshine-tiny-en"
"""Id of the default recognizer."""


def add_speech(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Declare the arguments, and return their group."""
    speech = parser.add_argument_group("speech")
    speech.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="ID|DIR",
        help=f"recognizer; a folder may be one of sherpa-onnx (default {DEFAULT_MODEL})",
    )
    speech.add_argument("--language", metavar="L", help="of multilingual models: auto, zh, en, ja ...")
    speech.add_argument("--no-cache", action="store_true", help="ignore cached transcripts")
    speech.add_argument("--include-singing", action="store_true", help="transcribe sung words too")
    return speech


def transcript_options(options: argparse.Namespace) -> TranscriptOptions:
    """Return the options of the command line."""
    return TranscriptOptions(speech=SpeechOptions(include_singing=options.include_singing))


def open_typed(options: argparse.Namespace) -> tuple[Recognizer, Cache | None]:
    """Open the recognizer and the cache. Raises ModelError, MissingExtraError, UsageError."""
    recognizer = edge.open_recognizer(options.model, language=options.language, threads=options.threads)
    say(options, f"recognizer {recognizer.identity[0]}")
    return recognizer, None if options.no_cache else edge.Cache()


Speech: TypeAlias = "tuple[Recognizer, Cache | None]"
"""How speech is recognized, and where results are kept."""


def transcribed(
    options: argparse.Namespace, speech: Speech | None, recording: Recording
) -> CaptionResult | None:
    """Return what is said; None if that does not count, or there is no audio."""
    if speech is None or not recording.audio:
        return None
    recognizer, cache = speech
    stage = f"{recording.path.name}: transcribing"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        return edge.transcribe(
            recording,
            edge.CaptionOptions(transcript=transcript_options(options)),
            recognizer=recognizer,
            cache=cache,
            progress=progress,
        )
