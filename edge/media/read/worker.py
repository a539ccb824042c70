"""The process that decodes for another one: see `edge.media.read.child`.

Requests are lines of JSON on standard input; answers go to what was standard output. It ends when its input
does. It may not write files, and has a limit on its memory.
"""

from __future__ import annotations

import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import msgspec
import numpy as np
from msgspec import msgpack

from edge.errors import EdgeError, InputError
from edge.media.read.audio import decode_audio, decode_spans
from edge.media.read.child import SIZES, Head, Request, decoded_request, to_wire
from edge.media.read.frames import cheap_times, frames_at
from edge.media.read.gray import gray_frames
from edge.media.read.limits import set_limits
from edge.media.read.probe import probe
from edge.media.read.recording import Recording
from edge.media.read.report import DecodeReport

Item: TypeAlias = "tuple[Any, np.ndarray[Any, Any] | None]"
"""Fields of an item that can be serialized, and its array."""


def main() -> None:
    """Answer requests until standard input ends; the address space in bytes is the first argument."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process decides
    confine(int(sys.argv[1]))
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    while True:
        serve(decoded_request(requests.get()), answers)


def confine(memory_bytes: int) -> None:
    """Limit this process: no files, no more memory than that, no traces of a crash."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # the limit of the system is lower, or there is none
            resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def serve(request: Request, answers: BinaryIO) -> None:
    """Answer one request with its items, then with their end or an error."""
    set_limits(request.limits)
    report = DecodeReport()
    try:
        for item, array in TASKS[request.task](request, report):
            _answer(answers, Head("item", item, report=asdict(report)), array)
    except InputError as error:
        end = Head(type(error).__name__, error.what, report=asdict(report))
    except EdgeError as error:
        end = Head(type(error).__name__, str(error), report=asdict(report))
    except MemoryError:
        end = Head("InputError", "needs more memory than a decoding process may have", report=asdict(report))
    else:
        end = Head("end", report=asdict(report))
    _answer(answers, end, None)


def _read_requests(requests: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)  # whatever the main thread is in


def _answer(answers: BinaryIO, head: Head, array: np.ndarray[Any, Any] | None) -> None:
    content = b""
    if array is not None:
        content = array.tobytes()
        head = msgspec.structs.replace(head, dtype=array.dtype.str, shape=array.shape)
    encoded = msgpack.encode(head, enc_hook=to_wire)
    answers.write(SIZES.pack(len(encoded), len(content)))
    answers.write(encoded)
    answers.write(content)
    answers.flush()


def _probe(request: Request, _report: DecodeReport) -> Iterator[Item]:
    yield msgspec.to_builtins(probe(request.path), enc_hook=to_wire), None


def _audio(request: Request, report: DecodeReport) -> Iterator[Item]:
    for block in decode_audio(_recording(request), report=report, **request.options):
        yield block.start_sample, block.samples


def _spans(request: Request, _report: DecodeReport) -> Iterator[Item]:
    for samples in decode_spans(_recording(request), **request.options):
        yield None, samples


def _frames(request: Request, report: DecodeReport) -> Iterator[Item]:
    for frame in frames_at(_recording(request), report=report, **request.options):
        yield (frame.time_s, frame.end_s), frame.rgb


def _cheap_times(request: Request, _report: DecodeReport) -> Iterator[Item]:
    yield cheap_times(_recording(request), **request.options), None


def _gray(request: Request, report: DecodeReport) -> Iterator[Item]:
    for frame in gray_frames(_recording(request), report=report, **request.options):
        yield (frame.time_s, frame.length_s), frame.gray


TASKS: Final[dict[str, Callable[[Request, DecodeReport], Iterator[Item]]]] = {
    "probe": _probe,
    "audio": _audio,
    "spans": _spans,
    "frames": _frames,
    "cheap_times": _cheap_times,
    "gray": _gray,
}
"""What is done, by the name of the task."""


def _recording(request: Request) -> Recording:
    info = request.info or probe(Path(request.path))
    return Recording(info, tuple(one for one in info.audio if one.index in request.audio))


if __name__ == "__main__":
    main()
