"""What the page can ask to be done, by name: strokes, detectors, fills, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.studio import asks
from tratteggio.studio.growing import grow_marks
from tratteggio.studio.mark_files import export_marks
from tratteggio.studio.session import Session
from tratteggio.treatment.choosing import Choice


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

    def grow(ask: asks.Growing) -> dict[str, Any]:
        changed = grow_marks(
            session.desk, list(ask.points), ask.radius, ask.damage, view=_region(ask.view),
            tolerance=ask.tolerance, edges=ask.edges,
        )  # fmt: skip
        return _marked(session, changed)

    def decide(ask: asks.Decision) -> dict[str, Any]:
        changed = session.detecting.decide(ask.threshold, ask.row, ask.col, accept=ask.accept)
        return _marked(session, changed)

    def export(ask: asks.Export) -> dict[str, Any]:
        view = None if ask.view is None else _region(ask.view)
        return {"files": export_marks(session.desk, ask.form, view)}

    def preview(ask: asks.Filling) -> dict[str, Any]:
        if ask.view is None:
            raise BadUsage("a preview needs to know what is in view")
        job = session.filling.preview(
            _region(ask.view), engine=ask.engine,
            finish=ask.finish, seed=ask.seed, samples=ask.samples, policies=_policies(ask),
            whole_size=ask.whole_size,
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
            calibrate=ask.calibrate,
            leave_above=ask.leave_above,
        )
        return job.as_dict()

    def accept(ask: asks.Acceptance) -> dict[str, Any]:
        return {
            "marked_px": session.detecting.accept(
                ask.threshold, None if ask.view is None else _region(ask.view)
            )
        }

    def choose(ask: asks.Choosing) -> None:
        session.filling.choose(
            Choice(row=ask.row, col=ask.col, sample=ask.sample, finish=ask.finish, leave=ask.leave)
        )

    def lacunae(ask: asks.Filling) -> dict[str, Any]:
        return session.filling.lacunae(_policies(ask))

    def note(ask: asks.Note) -> dict[str, Any]:
        session.desk.log("note", {"text": ask.text})
        return {}

    return {
        "stroke": (asks.Stroke, stroke),
        "undo": (asks.Steps, lambda ask: _marked(session, marking.undo(ask.count))),
        "redo": (asks.Steps, lambda ask: _marked(session, marking.redo(ask.count))),
        "export": (asks.Export, export),
        "grow": (asks.Growing, grow),
        "decide": (asks.Decision, decide),
        "choose": (asks.Choosing, choose),
        "lacunae": (asks.Filling, lacunae),
        "preview": (asks.Filling, preview),
        "fill": (asks.Filling, fill),
        "resume": (asks.Unfinished, lambda ask: session.filling.resume(ask.name).as_dict()),
        "stop": (asks.Nothing, lambda _: session.jobs.stop()),
        "document": (asks.Document, lambda ask: session.filling.document(ask.name, ask.what).as_dict()),
        "detect": (asks.Detection, lambda ask: session.detecting.detect(ask.detector).as_dict()),
        "teach": (asks.View, lambda ask: session.detecting.teach(_region(ask)).as_dict()),
        "accept": (asks.Acceptance, accept),
        "note": (asks.Note, note),
        "warm": (asks.Nothing, lambda _: session.jobs.warm_up(engine=True)),
        "look": (asks.Look, lambda ask: session.desk.writable().keep_view(ask.view)),
    }


def _policies(ask: asks.Filling) -> dict[str, str]:
    return {str(name): str(policy) for name, policy in ask.policies.items()}


def _region(view: asks.View) -> Region:
    return Region(view.top, view.left, view.bottom, view.right)


def _marked(session: Session, changed: Region | None) -> dict[str, Any]:
    return {"changed": None if changed is None else list(changed), "marks": session.state()["marks"]}
