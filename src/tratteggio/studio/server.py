"""The server of the studio: the page, tiles, and what the page asks for."""

from __future__ import annotations

import asyncio
import json
import math
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage, TratteggioError
from tratteggio.files.display import Tone
from tratteggio.painting import Region
from tratteggio.studio import asks, iiif
from tratteggio.studio.mark_files import export_marks, import_marks
from tratteggio.studio.page import page_files
from tratteggio.studio.pyramid import tile_region
from tratteggio.studio.security import TOO_LARGE, Door, Guard, TooLargeError
from tratteggio.studio.session import Session
from tratteggio.studio.tiles import Encoded, strength_tile

T = TypeVar("T", bound=asks.Ask)

READERS = 4  # tiles made at once; more would only wait for each other
EVENT_S = 0.1  # between two messages to one page
ALIVE_S = 15.0
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}


class _NoSuchTileError(Exception):
    """There is no such tile."""


def application(session: Session, door: Door) -> ASGIApp:
    """Return the studio as an application, guarded by its door.

    Raises:
        MissingExtra: the page was not built.
    """
    page = page_files()
    readers = CapacityLimiter(READERS)

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in page:
            return JSONResponse({"error": "There is no such page."}, 404)
        data, kind = page[name]
        return Response(data, media_type=kind)

    async def facts(_: Request) -> Response:
        return JSONResponse(session.facts() | {"read_only": session.read_only or door.read_only})

    async def state(_: Request) -> Response:
        return JSONResponse(await to_thread.run_sync(session.state))

    async def values(request: Request) -> Response:
        row, col = (_whole(request.query_params.get(name)) for name in ("row", "col"))
        return JSONResponse(await to_thread.run_sync(session.values, row, col, limiter=readers))

    async def tile(request: Request) -> Response:
        layer, name = request.path_params["layer"], request.path_params["name"]
        try:
            made = await to_thread.run_sync(_tile, session, layer, name, request, limiter=readers)
        except _NoSuchTileError:
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

    routes = [
        Route("/", file),
        Route("/api/facts", facts),
        Route("/api/state", state),
        Route("/api/values", values),
        Route("/api/events", events),
        Route("/api/tiles/{layer}/{name}/{halving:int}/{row:int}/{col:int}", tile),
        Route("/api/marks/{halving:int}/{row:int}/{col:int}", marks),
        Route("/api/import/{damage}", bring_in, methods=["POST"]),
        *(
            Route(f"/api/{name}", _answering(session, form, do), methods=["POST"])
            for name, (form, do) in _commands(session).items()
        ),
        *iiif.routes(session.screen.scans),
        Route("/{name}", file),
    ]
    handlers: Mapping[Any, Any] = {
        TratteggioError: _refused,
        msgspec.DecodeError: _misunderstood,
        UnicodeDecodeError: _misunderstood,
        TooLargeError: _too_large,
        Exception: _broken,
    }

    return Guard(Starlette(routes=routes, exception_handlers=handlers), door)


def _commands(session: Session) -> dict[str, tuple[type[asks.Ask], Callable[[Any], Any]]]:
    """Return what the page can ask to be done, by name: its form, and what does it."""
    marking = session.marking

    def stroke(ask: asks.Stroke) -> dict[str, Any]:
        points = list(ask.points)
        if ask.tool == "brush":
            changed = marking.brush(points, ask.radius, ask.damage)
        elif len(points) < 3:
            raise BadUsage("a polygon has three corners at least")
        else:
            changed = marking.polygon(points, ask.damage)
        return _marked(session, changed)

    def preview(ask: asks.Filling) -> dict[str, Any]:
        if ask.view is None:
            raise BadUsage("a preview needs to know what is in view")
        job = session.filling.preview(
            _region(ask.view), engine=ask.engine,
            finish=ask.finish, seed=ask.seed, samples=ask.samples, policies=_policies(ask),
        )  # fmt: skip
        return job.as_dict()

    def fill(ask: asks.Filling) -> dict[str, Any]:
        job = session.filling.fill_whole(
            engine=ask.engine,
            finish=ask.finish,
            seed=ask.seed,
            sample=ask.sample,
            suffix=ask.suffix,
            policies=_policies(ask),
        )
        return job.as_dict()

    def accept(ask: asks.Acceptance) -> dict[str, Any]:
        return {
            "marked_px": session.detecting.accept(
                ask.threshold, None if ask.view is None else _region(ask.view)
            )
        }

    def note(ask: asks.Note) -> dict[str, Any]:
        session.desk.log("note", {"text": ask.text})
        return {}

    return {
        "stroke": (asks.Stroke, stroke),
        "undo": (asks.Steps, lambda ask: _marked(session, marking.undo(ask.count))),
        "redo": (asks.Steps, lambda ask: _marked(session, marking.redo(ask.count))),
        "export": (asks.Nothing, lambda _: {"files": export_marks(session.desk)}),
        "preview": (asks.Filling, preview),
        "fill": (asks.Filling, fill),
        "resume": (asks.Unfinished, lambda ask: session.filling.resume(ask.name).as_dict()),
        "stop": (asks.Nothing, lambda _: session.jobs.stop()),
        "document": (asks.Document, lambda ask: session.filling.document(ask.name, ask.what).as_dict()),
        "detect": (asks.Detection, lambda ask: session.detecting.detect(ask.detector).as_dict()),
        "teach": (asks.View, lambda ask: session.detecting.teach(_region(ask)).as_dict()),
        "accept": (asks.Acceptance, accept),
        "note": (asks.Note, note),
    }


def _answering(session: Session, form: type[T], do: Callable[[T], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        ask = msgspec.json.decode(await request.body(), type=form)
        result = await to_thread.run_sync(do, ask)
        session.touch()
        return JSONResponse(result or {})

    return answer


def _policies(ask: asks.Filling) -> dict[str, str]:
    return {str(name): str(policy) for name, policy in ask.policies.items()}


def _region(view: asks.View) -> Region:
    return Region(view.top, view.left, view.bottom, view.right)


def _marked(session: Session, changed: Region | None) -> dict[str, Any]:
    return {"changed": None if changed is None else list(changed), "marks": session.state()["marks"]}


def _tile(session: Session, layer: str, name: str, request: Request) -> Encoded:
    halving, row, col = (request.path_params[part] for part in ("halving", "row", "col"))
    region = tile_region(session.stack.grid, halving, row, col)
    if region is None:
        raise _NoSuchTileError
    if layer == "scan":
        if name not in session.screen.scans:
            raise _NoSuchTileError
        tone = _tone(request)
        return session.cache.get(
            (layer, name, halving, row, col, tone),
            lambda: session.screen.scan_tile(name, region, halving, tone),
        )
    if layer in ("fill", "confidence"):
        fill = session.filling.shown.get(name)
        if fill is None:
            raise _NoSuchTileError
        key = (layer, name, fill.version, halving, row, col)
        if layer == "confidence":
            return session.cache.get(key, lambda: session.screen.confidence_tile(fill, region, halving))
        tone = _tone(request)
        return session.cache.get((*key, tone), lambda: session.screen.fill_tile(fill, region, halving, tone))
    strength = session.detecting.strength
    if layer == "strength" and strength is not None:
        threshold = _number(request, "threshold", strength.threshold, 0, 1)
        return strength_tile(strength.pixels, region, halving, threshold)
    raise _NoSuchTileError


def _tone(request: Request) -> Tone:
    return Tone(
        _number(request, "exposure", 0, -8, 8),
        _number(request, "gamma", 1, 0.1, 10),
        _number(request, "black", 0, 0, 1),
        _number(request, "white", 1, 0, 1),
    )


def _number(request: Request, name: str, default: float, low: float, high: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return float(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadUsage(f"{name} is a number from {low:g} to {high:g}")
    return value


def _whole(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadUsage("row and col are whole numbers")
    return int(text)


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
