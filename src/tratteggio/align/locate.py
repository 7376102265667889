"""Where one scan lies on another: a first guess, then patches matched from coarse to fine.

    guesses (thumbnails) -> homography on a small level, best guess wins
    -> homography and smooth field on finer ones -> residual at patches that no fit has seen

Some patches are held out from all fits, and so is every patch that overlaps one of them. Scans that were
located before are witnesses: what they share with a scan counts like what the reference shares with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.align.coarse import Guess, guesses
from tratteggio.align.evidence import Evidence
from tratteggio.align.fitting import Fit, fit
from tratteggio.align.maps import Grey, Orientation, orientation, whitened
from tratteggio.align.matching import correlate, match
from tratteggio.align.mirror import mirror_scan, mirror_transform
from tratteggio.align.pyramid import Level, Pyramid, seen_through
from tratteggio.align.residual import Residual
from tratteggio.align.transform import Floats, Transform, inside
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region, Scan

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]

RADIUS = 8  # how far patches are looked for, in pixels of a level
PATCHES = (32, 64)  # smallest and largest side of a patch
PER_PATCH = 160  # a level has patches of 16 pixels for every so many pixels of its shorter side
MOST_PATCHES = 48  # along the longer side
HOLD, HOLD_FEW = 6, 4  # every sixth patch along each axis is held out; every fourth where there are few
# How far patches look for what suits them, in pixels of a level, step by step: after a guess, on reaching a
# level, and once they lie well.
GUESSED, REACHED, SETTLED = (8.0, 4.0, 2.0, 1.5), (4.0, 2.0, 1.5, 1.0), (1.5, 1.0, 1.0)
ROUNDS = 2  # on each level, once patches lie well
SIGMA, AROUND = 1.5, 8.0
HALO = 24  # pixels, so that the map of a window is that of the whole
WINDOW = 512  # pixels a side that are worked on at once
START_PX, FIELD_PX = 200, 300  # longest side of the first level, and of the first one with a field
SEEN_SHARE = 0.75  # of the pixels of a patch and its surroundings
PEAK, LEAD = 0.25, 0.06  # what a match needs to be trusted
LEAST_PATCHES = 6
LEAST_SHARE = 0.05  # of the held-out places that must be measured
STATED_SCALES = (0.94, 1.0, 1.06)  # a stated resolution is a few percent off at most
STEPS, FOUND = 20, 0.5  # of progress: steps for each scan, and the share of them before the refinement
FREE_SCALES = tuple(1.15**k for k in range(-6, 7))  # of the ratio of the longest sides
UPRIGHT = tuple(quarter + tilt for quarter in (0, 180, 90, 270) for tilt in (-8, -4, 0, 4, 8))  # degrees
TILTED = tuple(quarter + tilt for quarter in (0, 180, 90, 270) for tilt in range(12, 80, 4))
WITNESS_SHARE, WITNESS_PX = 0.5, 1.0  # measured, mean residual: what lies well enough to locate others by
AGREED, CERTAIN = 0.2, 0.5  # share of patches that find their place: a guess is likely right, surely right


@dataclass(frozen=True, eq=False)
class Registration:
    """How one scan lies on another.

    Attributes:
        transform: from the reference to the source.
        residual: what is left, at held-out places.
        method: what it was found from, "contours" or "control points".
    """

    transform: Transform
    residual: Residual
    method: str = "contours"

    @property
    def mirrored(self) -> bool:
        """Whether the source shows the painting mirrored."""
        return bool(np.linalg.det(self._slopes()) < 0)

    @property
    def quarter_turns(self) -> int:
        """Degrees by which the source (if mirrored: after exchanging left and right) is turned clockwise.

        0, 90, 180 or 270, the nearest.
        """
        slopes = self._slopes()
        if self.mirrored:
            slopes = np.diag([1.0, -1.0]) @ slopes
        # A step down in the reference goes (down, right) in the source; clockwise, down becomes left.
        down, right = slopes[:, 0]
        return int(np.rint(np.degrees(np.arctan2(-right, down)) / 90)) % 4 * 90

    def describe_orientation(self) -> str:
        """Say how the source is turned or mirrored, or nothing if it is upright."""
        words = ["mirrored"] if self.mirrored else []
        words += [f"turned by {self.quarter_turns} degrees clockwise"] if self.quarter_turns else []
        return " and ".join(words)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, JSON-like."""
        return {
            "method": self.method,
            "mirrored": self.mirrored,
            "turned_clockwise_degrees": self.quarter_turns,
            "transform": self.transform.as_json(),
            "residual": self.residual.as_json(),
        }

    def _slopes(self) -> Floats:
        """Return how the source changes with rows (first column) and columns at the centre: (2, 2)."""
        centre = (np.array(self.transform.grid) - 1) / 2
        middle, down, right = self.transform.at(centre + np.array([[0, 0], [1, 0], [0, 1]]))
        slopes: Floats = np.stack([down - middle, right - middle], axis=1)
        return slopes


@dataclass
class _Steps:
    """How far the search is, for `progress`: each try to locate a scan has `STEPS`.

    Attributes:
        whole: steps of all tries that are expected.
        progress: who is told.
        before: steps of the tries that are done.
    """

    whole: int
    progress: Progress | None
    before: int = 0

    def reach(self, share: float) -> None:
        """Tell that a share of this try is done."""
        if self.progress:
            self.progress(self.before + round(share * STEPS), self.whole)

    def end(self) -> None:
        """End a try."""
        self.before += STEPS
        if self.progress:
            self.progress(self.before, self.whole)


def locate(reference: Scan, source: Scan, *, max_error: float = 2.0) -> Registration:
    """Find where each place of the reference lies in another scan of the same painting.

    The scans may differ in modality, size, rotation (any angle) and scale. The scale is the one that their
    stated resolutions give; if none are stated, or contours contradict them (then a note says so), it is
    looked for between 0.43 and 2.3 times the ratio of the longest sides. A source that does not match is also
    tried mirrored, in quarter turns. Longest sides above 4096 pixels are reduced for measuring. What is not
    seen of the source is left out.

    Args:
        reference: whose grid counts.
        source: what shall be brought onto it; nothing in it is changed.
        max_error: greatest mean residual allowed, in pixels of the reference.

    Raises:
        BadUsage: a scan is constant or smaller than 32 pixels, or `max_error` is not positive.
        Misaligned: no common structure was found, or the residual is above `max_error`.
    """
    (found,) = locate_all(reference, (source,), max_error=max_error)
    return found


def locate_all(
    reference: Scan, sources: Sequence[Scan], *, max_error: float = 2.0
) -> tuple[Registration, ...]:
    """Find where each place of the reference lies in other scans, one after the other.

    Scans that lie well help to locate those that come after them: an X-ray shares retouched losses with the
    ultraviolet that nothing in the visible shows. So give those first that are most like the reference.
    Arguments, errors and the rest are those of `locate`.
    """
    found = locate_each(reference, sources, max_error=max_error)
    for one in found:
        if isinstance(one, Misaligned):
            raise one
    return tuple(one for one in found if isinstance(one, Registration))


def locate_each(
    reference: Scan,
    sources: Sequence[Scan],
    *,
    max_error: float = 2.0,
    progress: Progress | None = None,
) -> list[Registration | Misaligned]:
    """Do as `locate_all`, but go on after a scan that does not match: its error stands in its place.

    Args:
        reference, sources, max_error: as for `locate_all`.
        progress: called with (steps done, steps in all); a scan that is tried
            mirrored, too, adds to both.
    """
    if not max_error > 0:
        raise BadUsage(f"max_error must be a number of pixels above 0, got {max_error}", option="max_error")
    if not sources:
        return []
    views, results = [View(pyramid(reference))], list[Registration | Misaligned]()
    steps = _Steps(len(sources) * STEPS, progress)
    for source in sources:
        try:
            registration, view = _locate_either_way(
                views, reference, source, max_error=max_error, steps=steps
            )
        except Misaligned as error:
            results.append(error)
            continue
        finally:
            steps.end()
        if registration.residual.share > WITNESS_SHARE and registration.residual.mean < WITNESS_PX:
            views.append(view)
        results.append(registration)
    return results


def _locate_either_way(
    views: Sequence[View], reference: Scan, source: Scan, *, max_error: float, steps: _Steps
) -> tuple[Registration, View]:
    """Locate a scan as it is or, if that fails, mirrored.

    Raises:
        Misaligned: neither matches; the message is that of the scan as it is.
    """
    try:
        transform, view, residual = _locate(
            views, reference, source, max_error=max_error, tilted=True, steps=steps
        )
    except Misaligned as error:
        steps.whole += STEPS  # one more try
        steps.end()
        try:
            # The fit takes skew for unlikely, and a mirror is all skew: so the scan is mirrored, not the map.
            transform, view, residual = _locate(
                views, reference, mirror_scan(source), max_error=max_error, tilted=False, steps=steps
            )
        except Misaligned:
            raise error from None
        transform = mirror_transform(transform)
    return Registration(transform, residual), view


def _locate(
    views: Sequence[View], reference: Scan, source: Scan, *, max_error: float, tilted: bool, steps: _Steps
) -> tuple[Transform, View, Residual]:
    """Locate a scan that is not mirrored."""
    moving = pyramid(source)
    steps.reach(0.1)
    transform = _first(views[0].pyramid, moving, reference, source, tilted=tilted)
    if transform is None:
        raise _no_structure(reference, source)
    steps.reach(FOUND)
    transform, residual = _refine(views, moving, transform, steps)
    require_aligned(residual, reference, source, max_error=max_error)
    return transform, View(moving, transform), residual


def pyramid(scan: Scan) -> Pyramid:
    """Make the levels of a scan that can be aligned.

    Raises:
        BadUsage: the scan is smaller than 32 pixels or shows nothing.
    """
    if min(scan.grid) < 32:
        raise BadUsage(
            f"{scan.name} has {rows_and_columns(scan.grid)}, but a scan needs at least 32 rows and 32 "
            "columns "
            "to be aligned"
        )
    levels = Pyramid.of(scan)
    image = levels.levels[0].image
    if float(np.ptp(image)) == 0:
        what = "black" if image.flat[0] == 0 else "one single value"
        raise BadUsage(
            f"{scan.name} ({scan.modality}) is {what} everywhere, so it cannot be aligned; "
            "check that it is the right file"
        )
    return levels


def stated_scales(reference: Scan, source: Scan) -> list[float]:
    """Return how many source pixels a reference pixel may be wide by what both scans state; else nothing."""
    ours, theirs = reference.um_per_px, source.um_per_px
    return [ours / theirs * factor for factor in STATED_SCALES] if ours and theirs else []


def free_scales(reference: Scan, source: Scan) -> list[float]:
    """Return how many source pixels a reference pixel may be wide if both show about the same."""
    return [max(source.grid) / max(reference.grid) * factor for factor in FREE_SCALES]


def require_aligned(residual: Residual, reference: Scan, source: Scan, *, max_error: float) -> None:
    """Refuse what was not measured or lies too far aside.

    Raises:
        Misaligned: says which.
    """
    if residual.measured.sum() < LEAST_PATCHES or residual.share < LEAST_SHARE:
        raise _no_structure(reference, source)
    if residual.mean > max_error:
        raise Misaligned(
            f"{source.name} is misaligned with {reference.name} by {residual.mean:.2f} pixels on average, "
            f"but the limit is `max_error={max_error:g}`; allow more, give control points, or give scans "
            "that overlap more"
        )


def _no_structure(reference: Scan, source: Scan) -> Misaligned:
    return Misaligned(
        f"no contours of {source.name} ({source.modality}) match {reference.name}, also not mirrored; both "
        "must show the same part of one painting and overlap widely. State the resolution of both files, or "
        "give control points with `points=...`"
    )


# --- from the guess to the fit -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class View:
    """A scan as the grid of the reference sees it; the reference itself has no transform."""

    pyramid: Pyramid
    transform: Transform | None = None

    def over(self, level: Level, region: Region) -> tuple[Grey, NDArray[np.bool_]]:
        """Return grey values and what is seen, over a region of a level of the reference."""
        if self.transform is None:
            return level.image[region.slices], level.seen[region.slices]
        return seen_through(self.transform, level, self.pyramid, region)


@dataclass(frozen=True, eq=False)
class Found:
    """Patches of one level, matched.

    Attributes:
        places: (k, 2) middles of the patches in the reference.
        sources: (k, 2) where these lie in the source.
        shifts: (k, 2) how far from where they were expected, in reference pixels.
        trusted: (k,) bool, where `shifts` is the only one that it can be.
        in_view: (k,) bool, False where the source ends.
        shown: (k,) bool, where both scans are seen.
        surfaces: (k, s, s) correlation at every shift of whole pixels of the level.
    """

    places: Floats
    sources: Floats
    shifts: Floats
    trusted: NDArray[np.bool_]
    in_view: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    surfaces: Floats


def _first(
    fixed: Pyramid, moving: Pyramid, reference: Scan, source: Scan, *, tilted: bool
) -> Transform | None:
    """Return the guess under which most patches of a small level find their place: the likely ones first.

    Args:
        tilted: whether to try any angle, or only what is near quarter turns.
    """
    stated, free = stated_scales(reference, source), free_scales(reference, source)
    best, most = None, 0.0
    stages = [(stated, UPRIGHT), (free, UPRIGHT), *([(stated or free, TILTED)] if tilted else [])]
    for scales, turns in stages:
        for guess in guesses(fixed, moving, scales=scales, turns=turns):
            transform, agreed = _try_guess(fixed, moving, guess)
            if agreed > most:
                best, most = transform, agreed
            if most > CERTAIN:
                break
        if most > AGREED:
            break
    if best and stated and not 0.8 < best.scale() / stated[1] < 1.25:
        log.warning(
            "the stated resolutions of %s and %s differ by %.3g, their contours by %.3g; the "
            "contours are used",
            reference.name, source.name, stated[1], best.scale(),
        )  # fmt: skip
    return best


def _try_guess(fixed: Pyramid, moving: Pyramid, guess: Guess) -> tuple[Transform, float]:
    """Improve a guess on a small level; return it, and the share of patches that agree with it."""
    level, views = _level(fixed, START_PX), [View(fixed)]
    transform = guess.transform
    for _ in range(3):
        fitted = _fit(views, level, moving, transform, patch=PATCHES[0], within_px=GUESSED)
        if fitted is None:
            return transform, 0.0
        transform = fitted.transform
    found = find(views[0], level, moving, transform, patch=PATCHES[0])
    near = found.trusted & (np.linalg.norm(found.shifts, axis=1) < 2.5 * level.factor)
    return transform, float(near.mean())


def _refine(
    views: Sequence[View], moving: Pyramid, transform: Transform, steps: _Steps
) -> tuple[Transform, Residual]:
    """Follow a transform from small levels to the finest."""
    fixed, fitted = views[0].pyramid, None
    for level in reversed(fixed.levels):
        longest = max(level.image.shape)
        if longest < START_PX:
            continue
        for within_px in (REACHED, *[SETTLED] * ROUNDS):
            fitted = _fit(
                views,
                level,
                moving,
                transform,
                bent=longest >= FIELD_PX,
                within_px=within_px,
            )
            transform = fitted.transform if fitted else transform
        # Each level takes about four times as long as the one before.
        steps.reach(FOUND + (1 - FOUND) * (longest / max(fixed.levels[0].image.shape)) ** 2)
    held_out = find(views[0], fixed.levels[0], moving, transform, held_out=True)
    shifts = np.where(held_out.trusted[:, None], held_out.shifts, np.nan)
    spread = fitted.spread(held_out.places) if fitted else np.full(len(shifts), np.inf)
    return transform, Residual(held_out.places, shifts, spread)


def _fit(
    views: Sequence[View],
    level: Level,
    moving: Pyramid,
    transform: Transform,
    *,
    within_px: tuple[float, ...],
    patch: int | None = None,
    bent: bool = False,
) -> Fit | None:
    """Fit a transform to what the patches of all views say; None if hardly any say anything."""
    parts = []
    for view in views:
        found = find(view, level, moving, transform, patch=patch, whiten=True)
        if found.shown.sum() >= LEAST_PATCHES:
            places = found.places[found.shown]
            parts.append(
                Evidence.of(places, transform.bent(places), found.surfaces[found.shown], level.factor)
            )
    return fit(transform, Evidence.joined(parts), bent=bent, within_px=within_px) if parts else None


def _level(pyramid: Pyramid, longest: int) -> Level:
    """Return the coarsest level whose longest side is at least this, or the finest."""
    return next((lv for lv in reversed(pyramid.levels) if max(lv.image.shape) >= longest), pyramid.levels[0])


def find(
    view: View,
    level: Level,
    moving: Pyramid,
    transform: Transform,
    *,
    patch: int | None = None,
    dense: bool = True,
    held_out: bool | None = False,
    whiten: bool = False,
) -> Found:
    """Match the patches of a level of the reference: those for fitting, those held out, or (None) all.

    Dense patches overlap by half; those that overlap a held-out one are left out of the fit. Whitened maps
    find more where grain or brushwork drown contours; peaks of plain ones tell better whether to trust them.
    """
    shape = level.image.shape[0], level.image.shape[1]
    patch = patch or int(np.clip(min(shape) // PER_PATCH * 16, *PATCHES))
    corners, aside, apart = _lattice(shape, patch, dense=dense)
    if held_out is not None:
        corners = corners[aside if held_out else apart]
    surfaces, share = np.zeros((len(corners), 2 * RADIUS + 1, 2 * RADIUS + 1)), np.zeros(len(corners))
    middles: Floats = corners + np.float64((patch - 1) / 2)
    in_view = inside(transform.at(level.full(middles)), moving.grid)
    cells = corners // WINDOW
    for cell in np.unique(cells[in_view], axis=0):
        here = np.flatnonzero(in_view & (cells == cell).all(axis=1))
        surfaces[here], share[here] = _window(
            view, level, moving, transform, corners[here], patch=patch, whiten=whiten
        )
    shown, matches = in_view & (share >= SEEN_SHARE), match(surfaces)
    return Found(
        level.full(middles),
        transform.at(level.full(middles + matches.shifts)),
        matches.shifts * level.factor,
        shown & matches.inner & (matches.peaks > PEAK) & (matches.lead > LEAD),
        in_view,
        shown,
        surfaces,
    )


def _window(
    view: View,
    level: Level,
    moving: Pyramid,
    transform: Transform,
    corners: NDArray[np.intp],
    *,
    patch: int,
    whiten: bool,
) -> tuple[Floats, Floats]:
    """Match patches that lie close together: returns their surfaces, and the share of each that is seen."""
    first, last = corners.min(axis=0), corners.max(axis=0) + patch
    core = Region(int(first[0]), int(first[1]), int(last[0]), int(last[1]))
    wide = Region(core.top - RADIUS, core.left - RADIUS, core.bottom + RADIUS, core.right + RADIUS)
    around = core.grow(HALO, within=(level.image.shape[0], level.image.shape[1]))
    wider = Region(wide.top - HALO, wide.left - HALO, wide.bottom + HALO, wide.right + HALO)

    def edges(image: Grey, region: Region) -> Orientation:
        made = orientation(image, sigma=SIGMA, around=AROUND)
        return whitened(made, corners - (region.top, region.left), patch=patch) if whiten else made

    image, our_seen = view.over(level, around)
    ours = edges(image, around)[core.relative_to(around).slices]
    our_seen = our_seen[core.relative_to(around).slices]
    image, seen = seen_through(transform, level, moving, wider)
    inner = ndimage.binary_erosion(seen, iterations=3, border_value=1)[wide.relative_to(wider).slices]
    theirs = edges(image, wider)[wide.relative_to(wider).slices] * inner
    within, side = corners - first, patch + 2 * RADIUS
    surfaces = correlate(ours, theirs.astype(np.complex64), within, patch=patch, radius=RADIUS)
    share = [
        min(our_seen[r : r + patch, c : c + patch].mean(), inner[r : r + side, c : c + side].mean())
        for r, c in within
    ]
    return surfaces, np.array(share)


def _lattice(
    shape: tuple[int, int], patch: int, *, dense: bool
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return top left corners of patches, which are held out, and which overlap none of those."""
    step = max(patch // 2 if dense else patch, -(-max(shape) // MOST_PATCHES))
    starts = [
        np.rint(np.linspace(0, side - patch, max(1, (side - patch) // step + 1))).astype(np.intp)
        for side in shape
    ]
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1)
    i, j = np.indices(corners.shape[:2])
    if dense:
        hold = HOLD if max(i.shape) > 4 * HOLD else HOLD_FEW
        held_out = (i % hold == hold // 2) & (j % hold == hold // 2)
        near = ndimage.binary_dilation(held_out, np.ones((3, 3)))
    else:
        # Every fourth along each row and each column, so that a strip of one row or column has some, too.
        held_out = near = (i + j) % 4 == 3
    return corners.reshape(-1, 2), held_out.ravel(), ~near.ravel()
