"""The server of the studio: the page, tiles, and what the page asks for, of a painting or of a folder."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage, TratteggioError
from tratteggio.studio import asks, iiif
from tratteggio.studio.commands import commands
from tratteggio.studio.mark_files import import_marks
from tratteggio.studio.page import page_files
from tratteggio.studio.pyramid import tile_region
from tratteggio.studio.room import Room
from tratteggio.studio.security import TOO_LARGE, Door, Guard, TooLargeError
from tratteggio.studio.session import Session
from tratteggio.studio.tile_requests import NoSuchTileError, number, requested_tile, whole_number

T = TypeVar("T", bound=asks.Ask)

READERS = 4  # tiles made at once; more would only wait for each other
EVENT_S = 0.1  # between two messages to one page
ALIVE_S = 15.0
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}


def application(shown: Session | Room, door: Door) -> ASGIApp:
    """Return the studio as an application, guarded by its door.

    Args:
        shown: a painting, or a folder of paintings.
        door: what opens it.

    Raises:
        MissingExtra: the page was not built.
    """
    if isinstance(shown, Session):
        return Guard(_app(_painting_routes(shown, door)), door)
    return Guard(_app(_folder_routes(shown, door)), door)


def _app(routes: list[BaseRoute]) -> Starlette:
    handlers: Mapping[Any, Any] = {
        TratteggioError: _refused,
        msgspec.DecodeError: _misunderstood,
        UnicodeDecodeError: _misunderstood,
        TooLargeError: _too_large,
        Exception: _broken,
    }
    return Starlette(routes=routes, exception_handlers=handlers)


def _page_routes() -> tuple[Route, Route]:
    """Return the routes of the built page; the second takes any name, so it comes last."""
    page = page_files()

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in page:
            return JSONResponse({"error": "There is no such page."}, 404)
        data, kind = page[name]
        return Response(data, media_type=kind)

    return Route("/", file), Route("/{name}", file)


def _painting_routes(session: Session, door: Door, *, in_folder: bool = False) -> list[BaseRoute]:
    readers = CapacityLimiter(READERS)

    async def facts(_: Request) -> Response:
        read_only = session.read_only or door.read_only
        return JSONResponse(session.facts() | {"read_only": read_only, "in_folder": in_folder})

    async def state(_: Request) -> Response:
        return JSONResponse(await to_thread.run_sync(session.state))

    async def values(request: Request) -> Response:
        row, col = (whole_number(request.query_params.get(name)) for name in ("row", "col"))
        return JSONResponse(await to_thread.run_sync(session.values, row, col, limiter=readers))

    async def findings(request: Request) -> Response:
        threshold = number(request, "threshold", 0.5, 0.001, 1)
        by = "doubt" if request.query_params.get("by") == "doubt" else "size"
        return JSONResponse(await to_thread.run_sync(session.detecting.findings, threshold, by))

    async def neutral(request: Request) -> Response:
        row, col = (whole_number(request.query_params.get(name)) for name in ("row", "col"))
        name = request.query_params.get("scan", "")
        return JSONResponse(await to_thread.run_sync(session.neutral, name, row, col, limiter=readers))

    async def tile(request: Request) -> Response:
        try:
            made = await to_thread.run_sync(requested_tile, session, request, limiter=readers)
        except NoSuchTileError:
            return JSONResponse({"error": "There is no such tile."}, 404)
        return Response(made.data, media_type=made.kind, headers=KEPT)

    async def marks(request: Request) -> Response:
        place = [request.path_params[part] for part in ("halving", "row", "col")]
        if tile_region(session.stack.grid, *place) is None:
            return JSONResponse({"error": "There is no such tile."}, 404)
        data = await to_thread.run_sync(
            lambda: session.marking.marks.overlay(*place).tobytes(), limiter=readers
        )
        return Response(
            zlib.compress(data, 1),
            media_type="application/octet-stream",
            headers={"Content-Encoding": "deflate"},
        )

    async def events(request: Request) -> Response:
        return StreamingResponse(_events(session, request), media_type="text/event-stream")

    async def bring_in(request: Request) -> Response:
        damage = request.path_params["damage"]
        if damage not in CLASSES:
            raise BadUsage("there is no such class of damage")
        data = await request.body()
        await to_thread.run_sync(import_marks, session.desk, data, damage)
        session.touch()
        return JSONResponse(session.state()["marks"])

    index, named = _page_routes()
    return [
        index,
        Route("/api/facts", facts),
        Route("/api/state", state),
        Route("/api/values", values),
        Route("/api/neutral", neutral),
        Route("/api/findings", findings),
        Route("/api/events", events),
        Route("/api/tiles/{layer}/{name}/{halving:int}/{row:int}/{col:int}", tile),
        Route("/api/marks/{halving:int}/{row:int}/{col:int}", marks),
        Route("/api/import/{damage}", bring_in, methods=["POST"]),
        *(
            Route(f"/api/{name}", _answering(session, form, do), methods=["POST"])
            for name, (form, do) in commands(session).items()
        ),
        *iiif.routes(session.screen.scans),
        named,
    ]


def _folder_routes(room: Room, door: Door) -> list[BaseRoute]:
    readers = CapacityLimiter(READERS)
    apps: dict[int, tuple[Session, ASGIApp]] = {}

    async def facts(_: Request) -> Response:
        paintings = await to_thread.run_sync(room.paintings)
        return JSONResponse({"folder": room.name, "paintings": paintings, "read_only": door.read_only})

    async def thumbnail(request: Request) -> Response:
        made = await to_thread.run_sync(room.thumbnail, request.path_params["number"], limiter=readers)
        return Response(made.data, media_type=made.kind)

    async def painting(scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["path_params"]["number"]
        try:
            with await to_thread.run_sync(room.use, number) as session:
                if apps.get(number, (None,))[0] is not session:
                    apps[number] = session, _app(_painting_routes(session, door, in_folder=True))
                await apps[number][1](scope, receive, send)
        except TratteggioError as error:  # it cannot be opened; what happens later is told by its own app
            await JSONResponse({"error": str(error)}, 400)(scope, receive, send)

    async def to_painting(request: Request) -> Response:
        return RedirectResponse(f"/p/{request.path_params['number']}/", 303)

    index, named = _page_routes()
    return [
        index,
        Route("/api/facts", facts),
        Route("/api/thumbnails/{number:int}", thumbnail),
        Route("/p/{number:int}", to_painting),
        Mount("/p/{number:int}", app=painting),
        named,
    ]


def _answering(session: Session, form: type[T], do: Callable[[T], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        ask = msgspec.json.decode(await request.body(), type=form)
        result = await to_thread.run_sync(do, ask)
        session.touch()
        return JSONResponse(result or {})

    return answer


async def _events(session: Session, request: Request) -> AsyncIterator[str]:
    """Tell a page what changed, as it changes."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    leave = session.watch(wake)
    try:
        while not session.leaving and not await request.is_disconnected():
            changed.clear()
            told = await to_thread.run_sync(session.state)
            yield f"data: {json.dumps(told)}\n\n"
            await asyncio.sleep(EVENT_S)
            try:
                await asyncio.wait_for(changed.wait(), ALIVE_S)
            except TimeoutError:
                yield ": still there\n\n"
    finally:
        leave()


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400 if isinstance(error, BadUsage) else 500)


async def _misunderstood(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"The request was not understood: {error}"}, 400)


async def _too_large(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": TOO_LARGE}, 413)


async def _broken(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"This is an error in tratteggio: {type(error).__name__}: {error}"}, 500)
