"""Registration by hand: places that a person found in the reference and in another scan."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tratteggio.align.locate import Registration
from tratteggio.align.residual import Residual
from tratteggio.align.transform import Floats, Transform, inside
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.painting import Scan

LEAST_POINTS = 4
PERSPECTIVE_POINTS = 6  # with fewer, an affine map: every point is then still predicted from the others
COLUMNS = "modality, column in the reference, row in the reference, column in the scan, row in the scan"


def read_points(path: str | Path) -> dict[str, Floats]:
    """Read control points from a CSV file.

    Each line has a modality, column and row in the reference, column and row in the scan, in pixels of the
    files; the centre of the pixel at the top left is (0, 0). A first line with names is skipped.

    Returns:
        by modality: (k, 4) float64 in the order of the file.

    Raises:
        UnreadableFile: the file is missing or not text.
        BadUsage: a line has other contents; the message gives its number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} cannot be read as a CSV file of control points: {error}") from None
    # Spreadsheets write semicolons where the comma is the decimal mark.
    separator = ";" if any(";" in line for line in lines) else ","
    found: dict[str, list[list[float]]] = {}
    for number, cells in enumerate(csv.reader(lines, delimiter=separator), start=1):
        if not any(cell.strip() for cell in cells):
            continue
        name, places = cells[0].strip(), _numbers(cells[1:], decimal="," if separator == ";" else ".")
        if places is None:
            if number == 1:
                continue
            raise BadUsage(f"line {number} of {path} is no control point; a line has {COLUMNS}")
        found.setdefault(name, []).append(places)
    if not found:
        raise BadUsage(f"{path} contains no control points; a line has {COLUMNS}")
    return {name: np.array(places) for name, places in found.items()}


def _numbers(cells: list[str], *, decimal: str) -> list[float] | None:
    """Read four numbers; None if there are more, less or others."""
    try:
        values = [float(cell.strip().replace(decimal, ".")) for cell in cells]
    except ValueError:
        return None
    return values if len(values) == 4 and np.isfinite(values).all() else None


def require_points(points: Mapping[str, Floats], modalities: Mapping[str, object]) -> None:
    """Refuse control points of scans that are not there.

    Raises:
        BadUsage: says which.
    """
    for name in points:
        if name not in modalities:
            raise BadUsage(
                f"there are control points for {name!r}, but no such scan; the scans are "
                f"{', '.join(modalities)}"
            )


def locate_by_points(reference: Scan, source: Scan, points: Floats) -> Registration:
    """Find where the reference lies in a scan from control points alone.

    Four or five points give an affine map, six or more a homography, by least squares. The scan may be
    rotated and mirrored. The residual of each point is measured with a map made from all the others.

    Args:
        reference: whose grid counts.
        source: what shall be brought onto it.
        points: (k, 4), k at least 4: column and row in the reference, column and row in the source.

    Raises:
        BadUsage: too few points, points outside the scans, or nearly all on one line.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 4 or len(points) < LEAST_POINTS:
        raise BadUsage(
            f"{source.modality} needs at least {LEAST_POINTS} control points with four numbers each "
            f"({COLUMNS.removeprefix('modality, ')}), got an array of {points.shape}"
        )
    ours, theirs = points[:, 1::-1], points[:, :1:-1]
    for scan, places in ((reference, ours), (source, theirs)):
        outside = np.flatnonzero(~inside(places, scan.grid))
        if outside.size:
            row, col = places[outside[0]]
            raise BadUsage(
                f"control point {outside[0] + 1} of {source.modality} is at column {col:g}, row {row:g}, "
                f"outside {scan.name}, which has {scan.grid[1]:,} columns and {scan.grid[0]:,} rows"
            )
    homography = _fit(ours, theirs, perspective=len(points) >= PERSPECTIVE_POINTS)
    if homography is None:
        raise BadUsage(
            f"the control points of {source.modality} lie nearly on one line; choose points near all corners"
        )
    shifts = np.full(ours.shape, np.nan)
    for number in range(len(points)):
        others = np.arange(len(points)) != number
        map_ = _fit(ours[others], theirs[others], perspective=len(points) >= PERSPECTIVE_POINTS)
        if map_ is not None:
            back: Floats = np.asarray(np.linalg.inv(map_), dtype=np.float64)
            shifts[number] = _project(back, theirs[number : number + 1])[0] - ours[number]
    transform = Transform(homography, reference.grid, source.grid)
    return Registration(transform, Residual(ours, shifts), method="control points")


def _fit(ours: Floats, theirs: Floats, *, perspective: bool) -> Floats | None:
    """Fit a map by least squares; None where points do not determine it."""
    a, b = _normalisation(ours), _normalisation(theirs)
    if a is None or b is None:
        return None
    x, y = _project(a, ours), _project(b, theirs)
    one, none = np.ones(len(x)), np.zeros((len(x), 3))
    affine = np.column_stack([x, one])
    design = np.block([[affine, none], [none, affine]])
    if perspective:
        design = np.column_stack([design, -np.concatenate([x * y[:, :1], x * y[:, 1:]])])
    solved, _, _, singular = np.linalg.lstsq(design, y.T.ravel(), rcond=None)
    if singular[-1] < 1e-3 * singular[0]:
        return None
    full = np.append(solved if perspective else [*solved, 0.0, 0.0], 1.0).reshape(3, 3)
    homography: Floats = np.linalg.inv(b) @ full @ a
    if abs(np.linalg.det(homography)) < 1e-12:
        return None
    scaled: Floats = homography / homography[2, 2]
    return scaled


def _normalisation(places: Floats) -> Floats | None:
    """Return the map that brings places about 0 with a spread of about 1."""
    middle, spread = places.mean(axis=0), float(places.std())
    if spread == 0:
        return None
    return np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, spread]]) / spread


def _project(matrix: Floats, places: Floats) -> Floats:
    there = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    projected: Floats = there[:, :2] / there[:, 2:]
    return projected
