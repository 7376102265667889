"""Marks from files and to files: masks, damage maps in the colours of the classes, strokes, GeoJSON."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tratteggio import files, treatment
from tratteggio.damage import CLASSES, PALETTE
from tratteggio.damage.classes import index_of
from tratteggio.errors import BadUsage, GridMismatch, TratteggioError, UnreadableFile
from tratteggio.files.parts import whole_file
from tratteggio.painting import Mapped, Pixels, Region
from tratteggio.painting.labels import KINDS
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.legend import LEGEND
from tratteggio.studio.desk import Desk
from tratteggio.studio.marks import NAMES, Change, Marks, shape_of_spans
from tratteggio.studio.outlines import rings_of, trace_outlines
from tratteggio.studio.pieces import pieces_of
from tratteggio.studio.strokes import polygon_spans

MOST_CROSSED = 50_000_000  # rows, by all lines of one outline


def import_marks(desk: Desk, data: bytes, damage: str) -> None:
    """Take a mask (white = lost), a damage map in the colours of the classes, strokes, or GeoJSON.

    Of strokes those on sound paint are left out: what is not marked is sound.

    Args:
        data: a PNG, a TIFF or a GeoJSON.
        damage: the class of a mask, and of outlines that name none.

    Raises:
        TratteggioError: it is another kind of file, or of another size.
    """
    if data.lstrip()[:1] == b"{":
        _import_geojson(desk, data, damage)
        return
    kind = ".png" if data.startswith(b"\x89PNG") else ".tif"
    folder = desk.writable()
    file = folder.file(f"imported{kind}")
    file.write_bytes(data)
    try:
        scan = desk.stack.primary
        try:
            indices: Pixels = treatment.read_damage(file, scan, mask_orientation="stored").indices
        except (UnreadableFile, BadUsage):
            _import_mask(desk, file, damage)
            return
        desk.paint(
            {name: _Is(indices, number) for number, name in enumerate(CLASSES, start=1)},
            {"tool": "import"},
        )
    finally:
        file.unlink(missing_ok=True)


def _import_mask(desk: Desk, file: Path, damage: str) -> None:
    """Take a mask, or strokes if it has the colours of these."""
    scan = desk.stack.primary
    try:
        lost = files.read_lacunae(file, scan, mask_orientation="stored")
    except GridMismatch:
        raise
    except TratteggioError:
        try:
            labels = files.read_labels(file, scan, mask_orientation="stored")
        except TratteggioError:
            labels = None
        if labels is None:
            raise  # as a mask: of these there are most
        desk.paint({kind: labels.of(kind) for kind in ("loss", "crack")}, {"tool": "import"})
        return
    desk.paint({damage: lost.lost}, {"tool": "import"})


def _import_geojson(desk: Desk, data: bytes, damage: str) -> None:
    grid, whole = desk.stack.grid, Region.whole(desk.stack.grid)
    found: dict[str, list[Change]] = {}
    try:
        for outline in msgspec.json.decode(data, type=_Outlines).features:
            said = outline.properties or _Said()
            name = said.damage or (said.classification.name if said.classification else None)
            changes = found.setdefault(name if name in CLASSES else damage, [])
            changes += [
                {(0, *place): bits for place, bits in shape_of_spans(polygon_spans(ring, grid))}
                for ring in _short(rings_of(outline.geometry), grid)
            ]
    except (msgspec.DecodeError, ValueError, TypeError, IndexError, UnicodeDecodeError) as error:
        raise BadUsage(f"this is no GeoJSON with outlines of marks: {error}") from error
    if not found:
        raise BadUsage("this GeoJSON holds no outlines")
    parts = {}
    for name, changes in found.items():
        rings = Marks(grid)  # by the even-odd rule
        for change in changes:
            rings.flip(change)
        if not rings.counts[NAMES[0]]:
            raise BadUsage("the outlines lie outside the painting, or hold no pixel; they count in pixels")
        parts[name] = Mapped(rings.indices, _marked, 0, np.dtype(bool))
    desk.paint(parts, {"tool": "import"}, within=whole)


def _short(rings: list[Any], grid: tuple[int, int]) -> list[Any]:
    """Refuse outlines whose lines cross so many rows that memory would not hold the crossings."""
    crossed = sum(float(np.abs(np.diff(np.clip(ring[:, 1], 0, grid[0]))).sum()) for ring in rings)
    if crossed > MOST_CROSSED:
        raise BadUsage("an outline is too long; simplify it in the program that drew it")
    return rings


def export_marks(desk: Desk, form: str = "masks", view: Region | None = None) -> list[str]:
    """Write the marks beside the painting.

    Args:
        desk: the painting.
        form: "masks", a damage map in colours and a mask of all that is marked; "geojson", outlines; or
            "strokes", as `detect --labels` takes them: what is in view and not marked is sound paint.
        view: of strokes.

    Returns:
        the names of the files.

    Raises:
        BadUsage: nothing is marked, or strokes without a view.
    """
    desk.writable()
    damage = desk.damage_map()
    if not any(desk.marking.marks.counts.values()):
        raise BadUsage("nothing is marked yet")
    if form == "geojson":
        [file] = made = _free(desk, "outlines-{}.geojson")
        with whole_file(file) as stream:
            stream.write(json.dumps(_outlines(desk)).encode())
    elif form == "strokes":
        if view is None:
            raise BadUsage("strokes need to know what is in view")
        [file] = made = _free(desk, "labels-{}.png")
        files.write(_Strokes(damage.indices, view), file, metadata=damage.metadata)
    else:
        shown, mask = made = _free(desk, "damage-{}.png", "mask-{}.png")
        files.write_indexed(damage.indices, shown, PALETTE, metadata=damage.metadata)
        files.write_lacunae(damage.of(*CLASSES), mask, metadata=damage.metadata)
    names = [file.name for file in made]
    desk.log("export marks", {"files": names})
    return names


def _free(desk: Desk, *endings: str) -> list[Path]:
    """Return names beside the painting that are not taken, with one number."""
    for number in itertools.count(1):
        paths = [desk.source.with_name(f"{desk.stem}.{ending.format(number)}") for ending in endings]
        if not any(path.exists() for path in paths):
            return paths
    raise AssertionError


def _outlines(desk: Desk) -> dict[str, Any]:
    """Return the outlines of all marks, piece by piece, as GeoJSON."""
    damage, features = desk.damage_map(), []
    for name in CLASSES:
        if not desk.marking.marks.counts[name]:
            continue
        pieces = pieces_of(damage.of(name))
        for number, box in enumerate(pieces.groups.regions, start=1):
            mask = pieces.lacunae.read(box) & (pieces.groups.label_map(box) == number)
            polygons = [[ring] for ring in trace_outlines(mask, top=box.top, left=box.left)]
            features.append({
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": polygons},
                "properties": {"damage": name, "area_px": int(pieces.groups.lost_px[number - 1])},
            })  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


class _Named(msgspec.Struct):
    name: str | None = None


class _Said(msgspec.Struct):
    """What a feature says of itself; QuPath calls the class `classification`."""

    damage: str | None = None
    classification: _Named | None = None


class _Outline(msgspec.Struct):
    geometry: dict[str, Any]
    properties: _Said | None = None


class _Outlines(msgspec.Struct):
    features: list[_Outline]


def _marked(indices: Any) -> Any:
    return indices > 0


class _Strokes(LazyPixels):
    """Marks as strokes in their colours: loss and crack where they are marked, sound paint in view."""

    def __init__(self, indices: Pixels, view: Region) -> None:
        self.indices, self.view = indices, view
        self.colours = np.zeros((len(CLASSES) + 1, 3), np.uint8)  # black says nothing, as of other damage
        for kind in KINDS[1:]:
            self.colours[index_of(kind)] = LEGEND[kind].colour

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, 3)."""
        return (*self.indices.shape, 3)

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    def _read(self, region: Region) -> Any:
        marked = np.asarray(self.indices[region.slices])
        out = self.colours[marked]
        here = self.view.meet(region)
        if not here.empty:
            inside = here.relative_to(region).slices
            out[inside][marked[inside] == 0] = LEGEND["paint"].colour
        return out


class _Is:
    """Where a damage map is of one class, as lazy pixels."""

    def __init__(self, indices: Pixels, number: int) -> None:
        self.indices, self.number = indices, number
        self.shape, self.dtype = tuple(indices.shape), np.dtype(bool)

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        return np.asarray(self.indices[key]) == self.number
