"""Damaged requests to the quick-cut page, over a socket; the server answers each, and the next one too."""

from __future__ import annotations

import socket
import struct
import tempfile
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn

from edge.evidence.transcript import Transcript
from edge.quickcut.clean import plan_clean
from edge.studio.app import Studio, make_app
from edge.studio.session import open_session
from edge.studio.work import Workshop
from edge.vocabulary import Caption, Word
from tools.fuzz.target import Target

TOKEN: Final = "token-of-the-fuzzer"
PORT: Final = b"@PORT@"
"""What stands for the port in a seed."""
PATIENCE_S: Final = 10.0
"""Seconds in which an answer must come."""
UNFINISHED_S: Final = 0.2
"""Seconds after which a damaged request counts as one that the server waits to be completed."""
BUSY: Final = 503
"""Status of a server that has too many connections."""
BODIES: Final = (
    b'{"type":"remove","spans":[[0.2,0.4]]}',
    b'{"type":"restore","spans":[[0.2,0.4],[0.5,0.9]]}',
    b'{"type":"text","start":0.2,"end":1.5,"text":"We start"}',
    b'{"type":"split","start":0.2,"end":1.5,"at":0.5}',
    b'{"type":"merge","start":0.2,"end":1.5}',
    b'{"type":"clean"}',
    b'{"type":"undo"}',
    b'{"type":"redo"}',
)
PATHS: Final = ("/", "/?token=wrong", "/api/state", "/api/tasks", "/media", "/files/x", "/assets/studio.js")


def _requests(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    head = b"Host: 127.0.0.1:%s\r\nCookie: edge-studio-%s=%s\r\n" % (PORT, PORT, TOKEN.encode())
    made = [b"GET %s HTTP/1.1\r\n%sRange: bytes=0-99\r\n\r\n" % (path.encode(), head) for path in PATHS]
    for body in BODIES:
        made.append(b"POST /api/edit HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
    for number, content in enumerate(made):
        (folder / f"{number}.http").write_bytes(content)
    return [folder / f"{number}.http" for number in range(len(made))]


@cache
def _server() -> int:
    """Start a server in this process; its port."""
    home = Path(tempfile.mkdtemp(prefix="edge-fuzz-studio-"))
    samples = bytes(2 * 8000 * 3)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)
    body = b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", len(samples)) + samples
    media = home / "talk.wav"
    media.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    said = Caption(
        0.2, 1.5, "So we begin", (Word(0.2, 0.4, "So"), Word(0.5, 0.9, "we"), Word(1, 1.5, "begin"))
    )
    transcript = Transcript(3.0, "en", (said,), (), (), (), ())
    session = open_session(plan_clean(media, transcript=transcript), home / "edit.journal")
    studio = Studio(session, Workshop(session, None, home), {}, media)
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    settings = uvicorn.Config(make_app(studio, TOKEN, port), log_level="critical", lifespan="off")
    Thread(target=uvicorn.Server(settings).run, args=([listener],), daemon=True).start()
    return port


def _use_request(path: Path, _folder: Path) -> None:
    port = _server()
    _ask(port, path.read_bytes().replace(PORT, str(port).encode()), UNFINISHED_S)
    head = f"Host: 127.0.0.1:{port}\r\nCookie: edge-studio-{port}={TOKEN}\r\nConnection: close\r\n\r\n"
    status = _ask(port, f"GET /api/state HTTP/1.1\r\n{head}".encode(), PATIENCE_S)
    assert status == 200, f"the server answers {status} afterwards"


def _ask(port: int, request: bytes, patience_s: float) -> int | None:
    """Return the status of the answer; None without one."""
    with socket.create_connection(("127.0.0.1", port), patience_s) as connection:
        try:
            connection.sendall(request)
            answer = connection.recv(65_536)
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            return None
    status = int(answer[9:12]) if answer[9:12].isdigit() else None
    assert status is None or status < 500 or status == BUSY, answer[:200]
    return status


REQUESTS = Target("requests", _requests, _use_request, weight=6)
"""Target of this file."""
