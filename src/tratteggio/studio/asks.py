"""What the page may ask for, held to schemas: other keys, types and ranges are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Pixel = Annotated[float, Meta(ge=-1e7, le=1e7)]
Point = tuple[Pixel, Pixel]
Row = Annotated[int, Meta(ge=0, le=10_000_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Damage = Literal["loss", "scratch", "crack", "stain", "overpaint"]
Policy = Literal["fill", "keep"]


class Ask(Struct, forbid_unknown_fields=True, frozen=True):
    """Anything that the page asks for."""


class Stroke(Ask, frozen=True):
    """A line of a brush, or the corners of a polygon; without a class it erases."""

    tool: Literal["brush", "polygon"]
    points: Annotated[list[Point], Meta(min_length=1, max_length=50_000)]
    damage: Damage | None = None
    radius: Annotated[float, Meta(gt=0, le=20_000)] = 1.0


class View(Ask, frozen=True):
    """What is in view, in pixels."""

    top: Annotated[int, Meta(ge=0, le=10_000_000)]
    left: Annotated[int, Meta(ge=0, le=10_000_000)]
    bottom: Annotated[int, Meta(ge=0, le=10_000_000)]
    right: Annotated[int, Meta(ge=0, le=10_000_000)]


class Growing(Ask, frozen=True):
    """A stroke from which a selection grows over paint of its colours, within what is in view."""

    points: Annotated[list[Point], Meta(min_length=1, max_length=50_000)]
    view: View
    damage: Damage | None = None
    radius: Annotated[float, Meta(gt=0, le=20_000)] = 1.0
    tolerance: Annotated[float, Meta(gt=0, le=100)] = 10.0
    edges: bool = True


class Steps(Ask, frozen=True):
    """How many changes are undone or redone."""

    count: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class Filling(Ask, frozen=True):
    """How the marks are filled."""

    engine: Name = "auto"
    finish: Name = "mimetic"
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    policies: dict[Damage, Policy] = {}
    suffix: Literal[".tif", ".png", ".jpg"] = ".tif"
    samples: Annotated[int, Meta(ge=0, le=8)] = 0
    sample: Annotated[int, Meta(ge=0, le=8)] = 0
    view: View | None = None
    whole_size: bool = False
    calibrate: bool = False
    leave_above: Annotated[float, Meta(gt=0, le=1)] | None = None


class Unfinished(Ask, frozen=True):
    """A fill that was stopped, by its name as the studio gave it."""

    name: Name


class Document(Ask, frozen=True):
    """What is to be written of a saved proposal."""

    name: Name
    what: Literal["report", "layers", "verify"]


class Detection(Ask, frozen=True):
    """Which detector looks."""

    detector: Name


class Acceptance(Ask, frozen=True):
    """From which strength on damage is marked, and where; without a view everywhere."""

    threshold: Annotated[float, Meta(gt=0, le=1)]
    view: View | None = None


class Decision(Ask, frozen=True):
    """Whether a piece that a detector found is damage; the piece is named by one of its pixels."""

    threshold: Annotated[float, Meta(gt=0, le=1)]
    row: Row
    col: Row
    accept: bool


class Choosing(Ask, frozen=True):
    """What is done with the lacuna at a pixel; nothing: as with all others."""

    row: Row
    col: Row
    sample: Annotated[int, Meta(ge=0, le=8)] | None = None
    finish: Name | None = None
    leave: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class Export(Ask, frozen=True):
    """In which form marks are written; strokes say what is in view."""

    form: Literal["masks", "geojson", "strokes"] = "masks"
    view: View | None = None


class Note(Ask, frozen=True):
    """A sentence for the treatment log."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class Look(Ask, frozen=True):
    """How the page shows the painting, in its own words, for the next time."""

    view: Annotated[str, Meta(max_length=16_000)]


class Nothing(Ask, frozen=True):
    """No options."""
