"""`edge studio MEDIA`.

Edit a talk on a page in the browser: what cleaning would remove is marked; remove, restore and correct, then
write it in any format. The page comes from this machine and is for it alone. Ctrl-C ends it; the edit is kept
and goes on the next time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.cleaning import add_marks, clean_options
from edge.cli.inputs import recordings
from edge.cli.parsing import add_media
from edge.cli.progress import Progress
from edge.cli.speech import add_speech, open_typed
from edge.errors import UsageError, require
from edge.files import refuse_unwritable

if TYPE_CHECKING:
    from edge.media import Recording
    from edge.quickcut.options import CleanOptions
    from edge.studio.app import Studio


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder of what is written (default .)",
    )
    out.add_argument("--fresh", action="store_true", help="begin a new edit; the kept one is dropped")
    page = parser.add_argument_group("page")
    page.add_argument("--port", type=int, default=0, metavar="N", help="port (default: a free one)")
    page.add_argument("--no-browser", action="store_true", help="print the address, open no browser")
    add_marks(parser)
    parser.set_defaults(reencode=False)
    add_speech(parser)


def run(options: argparse.Namespace) -> int:
    """Transcribe the recording, and serve its page until it is interrupted."""
    require("uvicorn", "pages", "studio")
    require("starlette", "pages", "studio")
    settings = clean_options(options)
    if options.json:
        raise UsageError("edge studio prints an address, no JSON; edge clean --dry-run --json has the items")
    refuse_unwritable(options.output)
    with recordings(options) as paths, tempfile.TemporaryDirectory(prefix="edge-studio-") as scratch:
        if len(paths) > 1:
            raise UsageError("a page is of one recording; open the others apart")
        recording = edge.open_recording(paths[0], audio_stream=options.audio_stream)
        studio = _open(options, settings, recording, Path(scratch))
        from edge.studio.server import serve  # noqa: PLC0415 - an extra

        serve(studio, port=options.port, ready=lambda address: _say(options, address))
    if not options.quiet:
        print("edge: the edit is kept; edge studio goes on with it", file=sys.stderr)
    return 0


def _open(options: argparse.Namespace, settings: CleanOptions, recording: Recording, scratch: Path) -> Studio:
    from edge.studio.opening import open_studio  # noqa: PLC0415 - an extra

    recognizer, cache = open_typed(options)
    stage = f"{recording.path.name}: transcribing"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        return open_studio(
            recording,
            options.output,
            settings,
            scratch=scratch,
            recognizer=recognizer,
            cache=cache,
            fresh=options.fresh,
            progress=progress,
        )


def _say(options: argparse.Namespace, address: str) -> None:
    print(address, flush=True)
    if not options.no_browser and sys.stdout.isatty():
        webbrowser.open(address)
