"""The web application of the quick-cut page: page, edit, recording, and work that takes a while."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import IO, Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge.analysis.report.report import asset as report_asset
from edge.decoding import prepared
from edge.errors import EdgeError
from edge.studio.guard import Guard, TooLargeError, too_large
from edge.studio.requests import Edit, Work
from edge.studio.session import Session
from edge.studio.work import SUFFIXES, Workshop

ASSETS = {
    "base.css": "text/css",
    "studio.css": "text/css",
    "timeline.js": "text/javascript",
    "studio.js": "text/javascript",
}
"""Files of the page, and their types; those that the report has, too, lie beside it."""

SHARED = ("base.css", "timeline.js")
"""Files that lie beside the report."""


@dataclass(frozen=True)
class Studio:
    """What the page works on."""

    session: Session
    """The edit."""
    work: Workshop
    """Exports, songs and music."""
    data: dict[str, Any]
    """What the timeline draws."""
    plays: Path
    """The file that the page plays."""
    lock: IO[str] | None = None
    """Held as long as the page edits the recording; None if nothing else could."""


def make_app(studio: Studio, token: str, port: int) -> ASGIApp:
    """Return the application; it answers to `token` on this machine's `port` only."""
    routes = [
        Route("/", partial(_page, studio)),
        Route("/assets/{name}", _asset),
        Route("/media", partial(_media, studio)),
        Route("/files/{name}", partial(_file, studio)),
        Route("/api/state", partial(_state, studio)),
        Route("/api/edit", partial(_edit, studio), methods=["POST"]),
        Route("/api/work", partial(_work, studio), methods=["POST"]),
        Route("/api/tasks", partial(_tasks, studio)),
    ]
    handlers: dict[Any, Any] = {
        EdgeError: _refusal,
        msgspec.MsgspecError: _refusal,
        RecursionError: _refusal,  # of JSON that is nested without end
        UnicodeDecodeError: _refusal,
        TooLargeError: lambda _request, _error: too_large(),
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, port)


async def _page(studio: Studio, _: Request) -> Response:
    recording = studio.session.plan.recording
    name = recording.name or recording.path.name
    kind = "video" if recording.info.video and studio.plays == recording.path else "audio"
    text = Template(_text("studio.html")).substitute(
        title=escape(name),
        player=f'<{kind} id="player" controls preload="metadata" src="/media"></{kind}>',
        formats="".join(f"<option>{suffix}</option>" for suffix in SUFFIXES),
    )
    return Response(text, media_type="text/html")


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    text = report_asset(name) if name in SHARED else _text(name)
    return Response(text, media_type=ASSETS[name])


async def _media(studio: Studio, _: Request) -> Response:
    return FileResponse(studio.plays)


async def _file(studio: Studio, request: Request) -> Response:
    path = studio.work.files.get(request.path_params["name"])
    if path is None or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, filename=path.name)


async def _state(studio: Studio, _: Request) -> Response:
    document = await run_in_threadpool(studio.session.document)
    return _json({**document, "data": studio.data})


async def _edit(studio: Studio, request: Request) -> Response:
    return await _asked(request, Edit, studio.session.edit)


async def _work(studio: Studio, request: Request) -> Response:
    return await _asked(request, Work, studio.work.start)


async def _tasks(studio: Studio, _: Request) -> Response:
    return _json(studio.work.tasks())


async def _asked(request: Request, kind: Any, answer: Callable[[Any], Any]) -> Response:
    wanted = msgspec.json.decode(await request.body(), type=prepared(kind))
    return _json(await run_in_threadpool(answer, wanted))


def _refusal(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


def _json(value: object) -> Response:
    return Response(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")), media_type="application/json"
    )


def _text(name: str) -> str:
    return resources.files("edge.studio").joinpath("assets", name).read_text(encoding="utf-8")
