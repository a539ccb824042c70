"""The page's server against bad clients: refused, and alive."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import EdgeCommand
from tests.studio.makers import Server, studio
from tools.sound.sample import Truth

pytestmark = [pytest.mark.slow, pytest.mark.loopback]


@pytest.fixture(scope="module")
def server(sample: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with studio(sample[0], tmp_path_factory.mktemp("studio")) as running:
        yield running


def ask(
    server: Server, path: str, body: object = None, *, token: str | None = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """Send one request, with the right cookie unless another token is given."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    cookie = f"edge-studio-{server.port}={server.token if token is None else token}"
    sent = {"Cookie": cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    connection.request("GET" if body is None else "POST", path, content, sent)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer, {name.lower(): value for name, value in response.getheaders()}


def alive(server: Server) -> bool:
    return server.process.poll() is None and ask(server, "/api/state")[0] == 200


def test_only_the_token_of_this_start_opens_it(server: Server) -> None:
    status, _, headers = ask(server, f"/?token={server.token}", token="")
    assert status == 303
    assert "httponly" in headers["set-cookie"].lower()
    assert "samesite=strict" in headers["set-cookie"].lower()
    for path in ("/", "/api/state", "/media", "/assets/studio.js", "/files/x"):
        assert ask(server, path, token="")[0] == 403
        assert ask(server, path, token="a" * 32)[0] == 403
    assert ask(server, "/?token=wrong", token="")[0] == 403
    assert alive(server)


def test_other_hosts_and_origins_are_refused(server: Server) -> None:
    assert ask(server, "/api/state", Host=f"evil.example:{server.port}")[0] == 421
    assert ask(server, "/api/state", Host="127.0.0.1:1")[0] == 421
    for headers in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        assert ask(server, "/api/edit", {"type": "keep"}, **headers)[0] == 403
    assert ask(server, "/api/state", Origin=f"http://127.0.0.1:{server.port}")[0] == 200
    _, _, headers = ask(server, "/")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [
    "/files/../../etc/passwd", "/files/..%2f..%2fetc%2fpasswd", "/files/%2e%2e/%2e%2e/etc/passwd",
    "/assets/../app.py", "/assets/..%2fapp.py", "/files//etc/passwd", "/media/../../../etc/passwd",
])  # fmt: skip
def test_no_other_file_is_served(server: Server, path: str) -> None:
    status, content, _ = ask(server, path)
    assert status == 404
    assert b"root" not in content


def test_large_and_wrong_bodies_are_refused(server: Server) -> None:
    assert ask(server, "/api/edit", b"x" * 10, Content_Length=str(1 << 30))[0] == 413
    with socket.create_connection(("127.0.0.1", server.port)) as raw:  # says nothing of its length
        cookie = f"edge-studio-{server.port}={server.token}"
        raw.sendall(
            f"POST /api/edit HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookie}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        sent = 0
        try:
            while sent < 1 << 30:
                raw.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        except OSError:
            pass
        assert sent < 64 << 20
    cases: tuple[Any, ...] = (
        b"", b"{", b"\xff\xfe", [], {"type": "explode"}, {"type": "remove", "spans": [[5, 1]]},
        {"type": "remove", "spans": [[-1, 1]]}, {"type": "text", "start": 0, "end": 1, "text": "x" * 20_000},
        {"type": "split", "start": 0.0, "end": 1.0, "at": 0.5}, {"type": "remove", "spans": "all", "more": 1},
    )  # fmt: skip
    for body in cases:
        status, content, _ = ask(server, "/api/edit", body)
        assert status == 400
        assert json.loads(content)["error"]
    assert ask(server, "/api/work", {"type": "export", "suffix": "./../x"})[0] == 400
    assert ask(server, "/api/work", {"type": "export", "suffix": ".exe"})[0] == 400
    assert alive(server)


def test_two_hundred_connections_do_not_hurt(server: Server) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    for one in idle[:100]:
        one.sendall(b"GET / HTTP/1.1\r\n")  # and nothing more
    for one in idle[100:150]:
        one.sendall(os.urandom(2000))
    assert alive(server)
    for one in idle:
        one.close()
    assert alive(server)


def test_the_recording_is_served_in_ranges(server: Server, sample: tuple[Path, Truth]) -> None:
    content = sample[0].read_bytes()
    status, part, headers = ask(server, "/media", Range="bytes=1000-1999")
    assert (status, part) == (206, content[1000:2000])
    assert headers["content-range"] == f"bytes 1000-1999/{len(content)}"
    assert ask(server, "/media", Range="bytes=999999999999-")[0] == 416


def test_an_edit_survives_kill(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    with studio(sample[0], tmp_path) as first:
        state = json.loads(ask(first, "/api/state")[1])
        row = next(row for row in state["rows"] if row[2] == "speech")
        assert (
            ask(first, "/api/edit", {"type": "text", "start": row[0], "end": row[1], "text": "Hello!"})[0]
            == 200
        )
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
    with studio(sample[0], tmp_path) as second:
        state = json.loads(ask(second, "/api/state")[1])
        assert "Hello!" in [row[3] for row in state["rows"]]
        assert state["canUndo"]
        with pytest.raises(AssertionError, match="on another page already"), studio(sample[0], tmp_path):
            pass
    with studio(sample[0], tmp_path, "--fresh") as third:
        state = json.loads(ask(third, "/api/state")[1])
        assert "Hello!" not in [row[3] for row in state["rows"]]


def test_the_command_refuses_before_it_works(edge: EdgeCommand, tmp_path: Path) -> None:
    for arguments, code, said in (
        (("a.mp4", "b.mp4"), 2, "one recording"),
        (("none.mp4",), 3, "does not exist"),
        (("none.mp4", "--json"), 2, "no JSON"),
    ):
        result = edge("studio", *arguments, "-o", tmp_path)
        assert (result.returncode, result.stderr.count("\n")) == (code, 1), result.stderr
        assert said in result.stderr
