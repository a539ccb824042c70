"""Serve the quick-cut page on this machine until it is interrupted."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import uvicorn

from edge.errors import OutputError
from edge.studio.app import Studio, make_app

MOST_CONNECTIONS = 256
"""Connections at once; more are answered with 503."""


def serve(studio: Studio, *, port: int = 0, ready: Callable[[str], None]) -> None:
    """Serve the page on the loopback interface until SIGINT or SIGTERM.

    `ready` is called with the address to open, which holds the token. Raises OutputError if the port is in
    use.
    """
    token = secrets.token_urlsafe(24)
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        what = f"cannot be used: {(error.strerror or str(error)).lower()}; leave out --port"
        raise OutputError(f"port {port}", what) from error
    with listener:
        bound = int(listener.getsockname()[1])
        settings = uvicorn.Config(
            make_app(studio, token, bound),
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=2,
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
        )
        ready(f"http://127.0.0.1:{bound}/?token={token}")
        try:
            uvicorn.Server(settings).run(sockets=[listener])
        except KeyboardInterrupt:
            pass  # how it is ended
        finally:
            studio.work.close()
