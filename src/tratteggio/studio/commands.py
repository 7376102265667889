"""What the page can ask to be done, by name: strokes, detectors, fills, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.studio import asks
from tratteggio.studio.mark_files import export_marks
from tratteggio.studio.session import Session


def commands(session: Session) -> dict[str, tuple[type[asks.Ask], Callable[[Any], Any]]]:
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
        "look": (asks.Look, lambda ask: session.desk.writable().keep_view(ask.view)),
    }


def _policies(ask: asks.Filling) -> dict[str, str]:
    return {str(name): str(policy) for name, policy in ask.policies.items()}


def _region(view: asks.View) -> Region:
    return Region(view.top, view.left, view.bottom, view.right)


def _marked(session: Session, changed: Region | None) -> dict[str, Any]:
    return {"changed": None if changed is None else list(changed), "marks": session.state()["marks"]}
