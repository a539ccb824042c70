"""The `edge` command: parse, call, show."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress

from edge import interrupts
from edge.cli.arguments import parse
from edge.errors import EdgeError

INTERRUPTED = 130

_M_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, see `edge.cli.arguments.EXIT_CODES`."""
    options = parse(arguments)
    interrupts.install()
    _return_memory_early()
    try:
        options.run(options)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        return 0
    except EdgeError as error:
        if options.debug:
            raise
        return _fail(str(error), error.exit_code)
    except ImportError as error:  # a part of the installation is missing
        if options.debug:
            raise
        return _fail(f"{error}; `edge doctor` tries every part", 1)
    except Exception as error:  # a bug of ours, or a machine in trouble: still one line
        if options.debug:
            raise
        return _fail(f"failed with {type(error).__name__}: {error}; run with --debug for the details", 1)
    return 0


def _return_memory_early() -> None:
    """Have glibc give large freed buffers back at once: three hours then peak 20 MB lower."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)


def _fail(message: str, code: int) -> int:
    print("edge:", " ".join(message.split()), file=sys.stderr)
    return code
