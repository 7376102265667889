"""Fill a painting window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import TratteggioError, UnreadableFile
from tratteggio.failures import machine_failures
from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.painting.lacunae import Groups
from tratteggio.painting.pixels import Array, Lost, to_depth
from tratteggio.roles import Engine, SourceTeller
from tratteggio.windows.blend import Piece
from tratteggio.windows.executing import Computers, compute_in_order, opens_elsewhere
from tratteggio.windows.guide import Guide, guide, nothing_known
from tratteggio.windows.ledger import Ledger
from tratteggio.windows.plan import RIM, Plan, Tile, Window, plan

Progress = Callable[[int, int], None]


def run(
    stack: Stack,
    lacunae: Lacunae,
    engine: Engine,
    ledger: Ledger,
    *,
    tile: int = 2048,
    progress: Progress | None = None,
    executor: Computers | None = None,
) -> Plan:
    """Fill all lacunae and keep the pieces in the ledger; tiles that the ledger has are not done again.

    Tiles without lacunae are never read. What the engine gets holds 0 at every lost pixel, and at every
    pixel that its scan does not show, so that a fill cannot depend on the values found there. Pixels that the
    filled scan does not show are lost to the engine; a fill is kept for lacunae alone.

    Args:
        stack: read by region, one tile's windows at a time.
        tile: about how many pixels a side are read and saved together; never changes the result.
        progress: called with (lost pixels done, lost pixels in all) after each window. Where windows of a
            wide group overlap, a pixel counts once for each, so the last steps may come early. It stops the
            job if it raises `Cancelled`; tiles that are finished stay in the ledger.
        executor: fills windows, for example in threads, while others are read and kept; None fills them one
            by one. The bits are the same. Only the caller's thread reads the lacunae and keeps tiles; it
            reads the painting, too, unless workers elsewhere open it themselves.

    Raises:
        BadUsage: a lacuna lies where the filled scan shows nothing at all; the message names the place.
        OutOfMemory: the engine could not get memory.
        UnreadableFile: a tile that the ledger has does not fill these lacunae.
        TratteggioError: the engine failed, or proposed NaN; the message names the place. Nothing of that
            tile is kept; tiles done before stay in the ledger.
    """
    planned = plan(lacunae, halo=engine.halo, capacity=engine.capacity, tile=tile)
    scan = stack.primary

    filling = _Filling(stack, engine, engine.prepare(stack, lacunae))
    done = 0
    left = []
    for part in planned.tiles:
        if ledger.has(part.index):
            kept = ledger.kept(part.index)
            _require_own(part, kept, lacunae, planned.groups, scan.channels)
            done += sum(len(piece.values) for piece in kept)
        else:
            left.append(part)
    jobs = _jobs(left, stack, lacunae, planned.groups, crops=not opens_elsewhere(executor))
    outputs = compute_in_order(filling.fill, jobs, executor=executor)
    with closing(outputs):  # what fails here must not leave windows at work
        for part in left:
            pieces = []
            for piece in islice(outputs, len(part.windows)):
                if piece is not None:
                    pieces.append(piece)
                    done += len(piece.values)
                    if progress:
                        progress(min(done, lacunae.lost_px), lacunae.lost_px)
            ledger.keep(part.index, pieces)
    return planned


@dataclass(frozen=True, eq=False)
class _Job:
    """One window, with what can be said of it without its paint.

    Attributes:
        window: which one.
        lost: (h, w) bool over its box.
        kept: (h, w) bool over its box, damage that is kept; None if there is none.
        own: (h, w) bool over its box, the lost pixels that it answers for.
        rim: what the coarse fill of a wide group says of the rim of the box: (n, channels), in the order of
            the True pixels of `_rim`; None for other windows.
        crop: its part of the painting, in memory; None: whoever fills it reads it.
    """

    window: Window
    lost: Lost
    kept: Lost | None
    own: Lost
    rim: Array | None
    crop: Stack | None

    def __reduce__(self) -> tuple[Any, ...]:
        # At a bit a pixel: jobs go through the network.
        bits = [None if one is None else np.packbits(one) for one in (self.lost, self.kept, self.own)]
        return _unpack_job, (self.window, self.lost.shape, bits, self.rim, self.crop)


def _unpack_job(
    window: Window,
    shape: tuple[int, int],
    bits: Sequence[Array | None],
    rim: Array | None,
    crop: Stack | None,
) -> _Job:
    def unpack(packed: Array | None) -> Lost | None:
        if packed is None:
            return None
        return np.unpackbits(packed, count=shape[0] * shape[1]).astype(bool).reshape(shape)

    lost, kept, own = (unpack(packed) for packed in bits)
    assert lost is not None  # these two
    assert own is not None  # are always there
    return _Job(window, lost, kept, own, rim, crop)


def _jobs(
    tiles: Sequence[Tile], stack: Stack, lacunae: Lacunae, groups: Groups, *, crops: bool
) -> Iterator[_Job]:
    """Read each tile once, for all its windows: the only place where the painting comes into memory.

    Args:
        crops: False leaves the paint of a window to whoever fills it.
    """
    scan = stack.primary

    @lru_cache(maxsize=4)
    def guide_of(group: int) -> Guide:
        return guide(scan, lacunae, groups.regions[group - 1])

    for part in tiles:
        box = part.box
        crop, marked = stack.crop(box) if crops else None, lacunae.crop(box)
        for window in part.windows:
            inside = window.box.relative_to(box)
            here = marked.crop(inside)
            own = _own(window, here.read(), groups, lacunae.grid)
            rim = None
            if window.wide:
                rim = guide_of(window.groups[0]).at(_rim(window.box, lacunae.grid), window.box)
            kept = None if here.kept_damage is None else here.read_kept_damage()
            yield _Job(window, here.read(), kept, own, rim, crop.crop(inside) if crop else None)


@dataclass(frozen=True, eq=False)
class _Filling:
    """What all windows of one job share."""

    stack: Stack
    engine: Engine
    context: Any

    def fill(self, job: _Job) -> Piece | None:
        """Run the engine on one window; keep what it proposes for the window's own groups, if anything."""
        window, own, lost = job.window, job.own, job.lost
        if not own.any():
            return None
        crop = self.stack.crop(window.box) if job.crop is None else job.crop
        scan = crop.primary
        lost = lost | ~scan.read_seen()
        colours = scan.colour()
        colours[lost] = 0
        if job.rim is not None:
            around = _rim(window.box, self.stack.grid)
            rim = lost & around
            colours[rim] = to_depth(job.rim[rim[around]], scan.dtype, white=scan.metadata.white)
            lost = lost & ~rim
        if lost.all():
            raise nothing_known(scan, window.box)
        ready = replace(scan, pixels=colours, alpha=False, seen=None)
        others = tuple(_blank_unseen(other) for other in crop.scans if other is not scan)
        shown = replace(crop, scans=(ready, *others))
        marked = Lacunae(lost, kept_damage=job.kept)
        with machine_failures("free some, or choose an engine that needs less"):
            fill, confidence, told = self._ask(shown, marked)
        values = fill[own].astype(np.float64 if scan.dtype == np.float64 else np.float32)
        if fill.shape != colours.shape or not np.isfinite(values).all():
            raise TratteggioError(
                f"{self.engine.name} gave no usable fill for rows {window.box.top} to {window.box.bottom}, "
                f"columns {window.box.left} to {window.box.right} of {scan.name}; use another engine, "
                "or report this error"
            )
        tight = _bounds(own)
        placed = tight.shift(window.box.top, window.box.left)
        sources = {name: float(share[own].sum()) for name, share in told.items()}
        return Piece(window, placed, own[tight.slices], values, confidence[own].astype(np.float32), sources)

    def _ask(self, shown: Stack, lacunae: Lacunae) -> tuple[Array, NDArray[np.float32], dict[str, Array]]:
        """Let the engine fill; and let it tell from what, if it can."""
        if isinstance(self.engine, SourceTeller):
            return self.engine.fill_from_sources(shown, lacunae, self.context)
        return (*self.engine.fill(shown, lacunae, self.context), {})


def _require_own(part: Tile, kept: Sequence[Piece], lacunae: Lacunae, groups: Groups, channels: int) -> None:
    """Make sure that the pieces of a tile which was read back fill what its windows answer for.

    Raises:
        UnreadableFile: they are others, so that paint would be missing, or stand in a wrong place.
    """
    wanted = []
    for window in part.windows:
        own = _own(window, lacunae.read(window.box), groups, lacunae.grid)
        if own.any():
            tight = _bounds(own)
            wanted.append((window, tight.shift(window.box.top, window.box.left), own[tight.slices]))
    same = len(wanted) == len(kept) and all(
        (piece.window.box, piece.window.core, piece.window.feather)
        == (window.box, window.core, window.feather)
        and piece.region == region
        and np.array_equal(piece.lost, lost)
        and piece.values.shape[1] == channels
        for piece, (window, region, lost) in zip(kept, wanted, strict=False)
    )
    if not same:
        raise UnreadableFile(
            f"tile-{part.index:05d}.npz of the ledger does not fill the lacunae of this job; remove it "
            "from the folder of the job, then continue with `resume=True`"
        )


def _own(window: Window, lost: Lost, groups: Groups, grid: tuple[int, int]) -> Lost:
    """Return the lost pixels that the window answers for, (h, w) bool over its box."""
    own: Lost = lost & np.isin(groups.label_map(window.box), window.groups)
    if window.wide:
        inside = np.zeros_like(own)
        inside[window.writes(grid).relative_to(window.box).slices] = True
        own &= inside
    return own


def _blank_unseen(scan: Scan) -> Scan:
    """Put 0 where a scan in memory does not show the painting."""
    if scan.seen is None:
        return scan
    pixels = scan.read().copy()
    pixels[~scan.read_seen()] = 0
    return replace(scan, pixels=pixels)


def _bounds(where: Lost) -> Region:
    """Return the smallest region that holds every True pixel."""
    rows, cols = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    return Region(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)


def _rim(box: Region, grid: tuple[int, int]) -> Lost:
    """Return the outermost pixels of a box where it is cut out of the painting, not at its own edge."""
    rim = np.zeros((box.rows, box.cols), dtype=bool)
    rim[: RIM * (box.top > 0)] = True
    rim[:, : RIM * (box.left > 0)] = True
    if box.bottom < grid[0]:
        rim[-RIM:] = True
    if box.right < grid[1]:
        rim[:, -RIM:] = True
    return rim
