"""`python -m tools.size install|trim WHEEL`, `models` or `ffmpeg`: what an installation weighs.

The first three measure, and write install.json, trim.json and models.json in docs/sizes, from which
`python -m tools.docs` makes docs/size.md. The last prints the options for FFmpeg's `configure`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import EdgeError
from edge.files import whole_file
from tools.progress import begin
from tools.size import ffmpeg, install, models, trim

SIZES = Path(__file__).parents[2] / "docs" / "sizes"


def main() -> int:
    """Do what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tools.size", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("install", help="install a wheel and its extras into fresh environments")
    one.add_argument("wheel", type=Path, metavar="WHEEL")
    one.add_argument("--extras", nargs="*", default=install.EXTRAS, metavar="EXTRA")
    one = commands.add_parser("trim", help="leave out what edge does not load, and try what is left")
    one.add_argument("wheel", type=Path, metavar="WHEEL")
    commands.add_parser("models", help="convert the models that ship to .ort, and load both")
    one = commands.add_parser("ffmpeg", help="options for an FFmpeg with what edge uses")
    one.add_argument("--live", action="store_true", help="with the protocols of streams")
    one.add_argument("--lgpl", action="store_true", help="without x264 and x265")
    one.add_argument("--built", nargs=2, metavar=("WHAT", "DIR"), help="measure the libraries of a build")
    options = parser.parse_args()
    begin()
    try:
        if options.command == "ffmpeg" and options.built:
            what, folder = options.built
            known = ffmpeg.built(SIZES / "ffmpeg.json")
            _write({**known, what: ffmpeg.libraries(Path(folder))}, "ffmpeg.json")
        elif options.command == "ffmpeg":
            print("\n".join(ffmpeg.flags(live=options.live, gpl=not options.lgpl)))
        elif options.command == "models":
            _write(models.measure(), "models.json")
        elif options.command == "trim":
            _write(trim.measure(options.wheel), "trim.json")
        else:
            _write(install.measure(options.wheel, options.extras), "install.json")
    except EdgeError as error:
        print(f"tools.size: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _write(content: Any, name: str) -> None:
    SIZES.mkdir(exist_ok=True)
    with whole_file(SIZES / name, force=True) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    print(SIZES / name)


if __name__ == "__main__":
    sys.exit(main())
