"""Overlapping tiles of one scan, stitched: every overlap matched, all tiles adjusted at once, then blended.

Each tile is moved by an affine map that stays close to a shift, since narrow overlaps say little about
shear. Matches of every overlap pull on all maps together (robust least squares), so errors do not add up
from tile to tile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files
from tratteggio.align.blend import Blended, Covered, Tile
from tratteggio.align.coarse import guesses
from tratteggio.align.locate import Found, View, find, pyramid
from tratteggio.align.pyramid import Level, Pyramid
from tratteggio.align.residual import Residual
from tratteggio.align.transform import Floats, Transform
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.files.beside import Before
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.provenance import history_json
from tratteggio.files.record import Input, input_of, make_record
from tratteggio.files.stacks import has_stack_suffix
from tratteggio.files.white import on_one_white
from tratteggio.files.writing import write_as
from tratteggio.painting import Scan, Stack

log = logging.getLogger("tratteggio")

THUMBNAIL_PX = 256
LEAST_OVERLAP = 0.02  # of a tile
PATCH = 32
AGREE_PX = 2.0
LEAST_MATCHES = 4
AGREED = 0.3  # share of the patches of an overlap that must agree
DRIFT_PX = 24.0  # by which overlaps may contradict each other before all are adjusted
ROUNDS = 3
STIFFNESS = 2.0  # how strongly maps stay shifts, beside errors of 1 pixel


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Tiles as one scan.

    Attributes:
        scan: blended while it is read; `seen` is False where no tile lies.
        transforms: from the mosaic to each tile, in the order of the tiles.
        pairs: which tiles overlap.
        residual: how far held-out patches of overlapping tiles lie aside, at their places in the mosaic.
        tiles: what was read, in order.
        max_error: the greatest mean residual that was allowed, in pixels.
    """

    scan: Scan
    transforms: tuple[Transform, ...]
    pairs: tuple[tuple[int, int], ...]
    residual: Residual
    tiles: tuple[Input, ...]
    max_error: float = 2.0

    def history(self) -> dict[str, Any]:
        """Describe how the mosaic was made; JSON-like."""
        details = {
            "tiles": [
                {"source": tile.name, "transform": transform.as_json()}
                for tile, transform in zip(self.tiles, self.transforms, strict=True)
            ],
            "overlaps": [list(pair) for pair in self.pairs],
            "residual": self.residual.as_json(),
        }
        return make_record(
            "register --mosaic", inputs=self.tiles, options={"max_error": self.max_error}, details=details
        )

    def save(
        self,
        path: str | Path,
        *,
        progress: Callable[[int, int], None] | None = None,
        before: Before | None = None,
    ) -> None:
        """Write the mosaic as a stack of one scan (.ome.zarr, .ome.tif), or as a picture (.tif, .png, .jpg).

        A picture is written with its history beside it; where no tile lies it is 0.

        Args:
            path: where to; what is there gives way.
            progress: called with (pixels read, pixels in all); of a stack only.
            before: as for `tratteggio.files.beside`.

        Raises:
            BadUsage: an unknown suffix.
            UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        """
        path = Path(path)
        if has_stack_suffix(path):
            history = self.history()
            files.write_stack(Stack((self.scan,)), path, history=history, progress=progress, before=before)
            return
        if self.scan.seen is not None:
            log.warning("%s: areas that no tile shows are written as 0; an .ome.zarr marks them", path)
        with files.beside([files.sidecar(path, "history"), path], before=before) as [beside_it, image]:
            beside_it.write_text(history_json(self.history()), encoding="utf-8")
            write_as(self.scan.pixels, image, path, metadata=self.scan.metadata, alpha=self.scan.alpha)


def mosaic(
    tiles: Sequence[Painting], *, max_error: float = 2.0, progress: Callable[[int, int], None] | None = None
) -> Mosaic:
    """Stitch overlapping tiles of one modality, taken at one scale and nearly one orientation.

    Which tiles overlap is found out; their order does not matter, but the first one's pixels set the grid.

    Args:
        tiles: two or more arrays, scans or files, of one depth and as many channels.
        max_error: greatest mean residual allowed, in pixels.
        progress: called with (steps done, steps in all): reading tiles, comparing pairs, fitting all.

    Raises:
        BadUsage: fewer than two tiles, tiles that differ in kind or stated white, a constant tile.
        Misaligned: a tile overlaps none of the others, or the residual is above `max_error`.
    """
    scans = [scan_of(tile) for tile in tiles]
    _require_alike(scans, max_error)
    scans = on_one_white(scans)
    couples = list(combinations(range(len(scans)), 2))
    whole, done = len(scans) + len(couples) + ROUNDS, count(1)

    def step() -> None:
        if progress:
            progress(next(done), whole)

    levels, overlaps = [], []
    for tile in scans:
        levels.append(pyramid(tile))
        step()
    for couple in couples:
        if (overlap := _overlap(levels, couple)) is not None:
            overlaps.append(overlap)
        step()
    poses, pairs = _spread(scans, overlaps)
    for _ in range(ROUNDS):
        step()
        found = {pair: _found(levels, poses, pair) for pair in pairs}
        poses = _adjust(poses, found)
    residual = Residual.joined(_residual(levels, poses, pair) for pair in pairs)
    if not residual.measured.any() or residual.mean > max_error:
        raise Misaligned(
            f"the tiles are misaligned by {residual.mean:.2f} pixels on average, but "
            f"the limit is `max_error={max_error:g}`; allow more, or give tiles that overlap more"
        )
    return replace(_lay_out(scans, poses, pairs, residual), max_error=max_error)


def _require_alike(tiles: Sequence[Scan], max_error: float) -> None:
    if not max_error > 0:
        raise BadUsage(f"max_error must be a number of pixels above 0, got {max_error}", option="max_error")
    if len(tiles) < 2:
        raise BadUsage(f"a mosaic needs two tiles or more, got {len(tiles)}")
    first = tiles[0]
    for tile in tiles:
        kind = (tile.dtype, tile.channels, tile.alpha)
        if kind != (first.dtype, first.channels, first.alpha):
            raise BadUsage(
                f"the tiles of a mosaic must have the same depth and channels, but {first.name} is "
                f"{first.dtype} with {first.channels} and {tile.name} is {tile.dtype} with {tile.channels}; "
                "convert one of them first"
            )
        require_same_orientation(first, tile)
        if tile.metadata.icc != first.metadata.icc:
            named = [files.profile_name(one.metadata.icc) or "none (sRGB)" for one in (first, tile)]
            raise BadUsage(
                f"the tiles of a mosaic must have the same colour profile, but {first.name} has {named[0]} "
                f"and {tile.name} has {named[1]}; convert one of them first"
            )


# --- which tiles overlap, and by how much ----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Overlap:
    """Two tiles, the shift (2,) from places of the first to the second, and how many patches agree on it."""

    pair: tuple[int, int]
    shift: Floats
    agreed: int


def _overlap(levels: Sequence[Pyramid], pair: tuple[int, int]) -> _Overlap | None:
    """Find where one tile lies on another; None if they share nothing."""
    one, other = (levels[number] for number in pair)
    level, best = _small(one), None
    candidates = guesses(
        one, other, scales=[1.0], turns=[0.0], longest=THUMBNAIL_PX, overlap=LEAST_OVERLAP, count=3
    )
    for guess in candidates:
        transform = guess.transform
        for _ in range(2):
            matched = find(View(one), level, other, transform, patch=PATCH, dense=False, held_out=None)
            if matched.trusted.sum() < LEAST_MATCHES:
                break
            middle = np.median(matched.shifts[matched.trusted], axis=0)
            near = np.linalg.norm(matched.shifts - middle, axis=1) < 2 * AGREE_PX * level.factor
            agreed = int((near & matched.trusted).sum())
            transform = replace(transform, homography=transform.homography @ _move(middle))
            if agreed < max(LEAST_MATCHES, AGREED * matched.in_view.sum()):
                break
            if best is None or agreed > best.agreed:
                best = _Overlap(pair, transform.homography[:2, 2], agreed)
    return best


def _small(tile: Pyramid) -> Level:
    """Return the level at which overlaps are looked for."""
    return next(
        (lv for lv in reversed(tile.levels) if max(lv.image.shape) >= 2 * THUMBNAIL_PX), tile.levels[0]
    )


# --- all tiles at once -----------------------------------------------------------------------------------


def _spread(
    tiles: Sequence[Scan], overlaps: Sequence[_Overlap]
) -> tuple[list[Floats], tuple[tuple[int, int], ...]]:
    """Return poses (3, 3) from each tile to the first, by the surest overlaps; and all pairs that fit them.

    Raises:
        Misaligned: some tile hangs together with no other.
    """
    poses: dict[int, Floats] = {0: np.eye(3)}
    while len(poses) < len(tiles):
        leading = [o for o in overlaps if (o.pair[0] in poses) != (o.pair[1] in poses)]
        if not leading:
            apart = ", ".join(tile.name for number, tile in enumerate(tiles) if number not in poses)
            raise Misaligned(
                f"no overlap was found between {apart} and {tiles[0].name}; tiles must overlap by "
                "about 5 % of "
                "their width, show contours there, and have the same scale and rotation"
            )
        surest = max(leading, key=lambda overlap: overlap.agreed)
        a, b = surest.pair
        if a in poses:
            poses[b] = poses[a] @ _move(-surest.shift)
        else:
            poses[a] = poses[b] @ _move(surest.shift)
    # A false overlap contradicts what the surer ones say together.
    fitting = tuple(
        o.pair
        for o in overlaps
        if np.abs((poses[o.pair[1]] @ _move(o.shift) - poses[o.pair[0]])[:2, 2]).max() < DRIFT_PX
    )
    return [poses[number] for number in range(len(tiles))], fitting


def _between(levels: Sequence[Pyramid], poses: Sequence[Floats], pair: tuple[int, int]) -> Transform:
    a, b = pair
    return Transform(np.linalg.inv(poses[b]) @ poses[a], levels[a].grid, levels[b].grid)


def _found(
    levels: Sequence[Pyramid], poses: Sequence[Floats], pair: tuple[int, int], *, held_out: bool = False
) -> Found:
    a, b = pair
    transform = _between(levels, poses, pair)
    one, other = levels[a], levels[b]
    return find(View(one), one.levels[0], other, transform, patch=PATCH, dense=False, held_out=held_out)


def _residual(levels: Sequence[Pyramid], poses: Sequence[Floats], pair: tuple[int, int]) -> Residual:
    """Measure held-out patches of one overlap, at their places in the first tile's grid."""
    found = _found(levels, poses, pair, held_out=True)
    there = _between(levels, poses, pair).at(found.places)
    rows, cols = levels[pair[1]].grid
    inner = ((there > PATCH / 2) & (there < np.array([rows, cols]) - PATCH / 2)).all(axis=1)
    places = found.places @ poses[pair[0]][:2, :2].T + poses[pair[0]][:2, 2]
    shifts = np.where(found.trusted[:, None], found.shifts, np.nan)
    return Residual(places[inner], shifts[inner])


def _adjust(poses: Sequence[Floats], found: dict[tuple[int, int], Found]) -> list[Floats]:
    """Return the affine poses under which matches of all overlaps meet best; the first tile stays."""
    unknowns = 6 * (len(poses) - 1)

    def columns(tile: int, places: Floats, sign: float) -> Floats:
        """Return the part of the equations (2 k, unknowns) that places of one tile make."""
        matrix = np.zeros((2, len(places), unknowns))
        if tile:
            home = np.column_stack([places, np.ones(len(places))]) * sign
            matrix[0, :, 6 * tile - 6 : 6 * tile - 3] = matrix[1, :, 6 * tile - 3 : 6 * tile] = home
        return matrix.reshape(2 * len(places), unknowns)

    parts, aims = [], []
    for (a, b), matched in found.items():
        t = matched.trusted
        part = columns(a, matched.places[t], 1.0) + columns(b, matched.sources[t], -1.0)
        aim = np.zeros((2, int(t.sum())))
        for tile, places, sign in ((a, matched.places[t], -1.0), (b, matched.sources[t], 1.0)):
            aim += 0 if tile else sign * places.T
        parts.append(part)
        aims.append(aim.reshape(-1))
    design, aim = np.concatenate(parts), np.concatenate(aims)
    extent = 100.0  # pixels at which a departure from a shift counts as an error
    stay = np.diag(np.tile([extent, extent, 0, extent, extent, 0], len(poses) - 1)) * STIFFNESS
    upright = np.tile([extent, 0, 0, 0, extent, 0], len(poses) - 1) * STIFFNESS
    solved, trust, scale = np.zeros(unknowns), np.ones(len(design)), 8.0
    for _ in range(10):
        root = np.sqrt(trust)
        solved = np.linalg.lstsq(
            np.concatenate([design * root[:, None], stay]), np.concatenate([aim * root, upright]), rcond=None
        )[0]
        errors = design @ solved - aim
        scale = max(0.5, scale / 1.5)
        trust = (scale**2 / (scale**2 + errors**2)) ** 2
    made = [np.vstack([solved[6 * k : 6 * k + 6].reshape(2, 3), [0, 0, 1]]) for k in range(len(poses) - 1)]
    return [np.eye(3), *made]


def _move(shift: Floats) -> Floats:
    return np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])


# --- laid out --------------------------------------------------------------------------------------------


def _lay_out(
    tiles: Sequence[Scan],
    poses: Sequence[Floats],
    pairs: tuple[tuple[int, int], ...],
    residual: Residual,
) -> Mosaic:
    """Give the mosaic the grid that holds all tiles, with the first one's pixels on whole numbers."""
    corners = np.concatenate(
        [
            (np.array([[r, c, 1] for r in (0, tile.grid[0] - 1) for c in (0, tile.grid[1] - 1)]) @ pose.T)[
                :, :2
            ]
            for tile, pose in zip(tiles, poses, strict=True)
        ]
    )
    origin = np.floor(corners.min(axis=0) + 0.5)
    rows, cols = (int(side) for side in np.ceil(corners.max(axis=0) - 0.5) - origin + 1)
    transforms = tuple(
        Transform(np.linalg.inv(pose) @ _move(origin), (rows, cols), tile.grid)
        for tile, pose in zip(tiles, poses, strict=True)
    )
    laid = tuple(Tile.of(tile, transform) for tile, transform in zip(tiles, transforms, strict=True))
    covered = Covered(laid)
    first = tiles[0].metadata
    scan = replace(
        tiles[0],
        pixels=Blended(laid),
        metadata=replace(
            first, exif=None, xmp=None, foreign={k: v for k, v in first.foreign.items() if k == "photometric"}
        ),
        name="mosaic",
        seen=None if covered.everywhere() else covered,
    )
    return Mosaic(
        scan,
        transforms,
        pairs,
        replace(residual, places=residual.places - origin),
        tuple(input_of(tile) for tile in tiles),
    )
