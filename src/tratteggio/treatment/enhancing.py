"""Look through filters: every pixel is computed from the scan, and called a hypothesis."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, overload

import numpy as np

from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.filters import windows
from tratteggio.filters.chain import Step, chain, said
from tratteggio.painting import Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.treatment.opening import facts, open, stack_of  # noqa: A004 - reads as `tg.open`
from tratteggio.version import __version__

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]


@overload
def enhance(
    painting: Array,
    steps: str | Step | Iterable[str | Step],
    *,
    tile: int | None = ...,
    progress: Progress | None = ...,
) -> Array: ...


@overload
def enhance(
    painting: str | Path | Scan | Stack,
    steps: str | Step | Iterable[str | Step],
    *,
    tile: int | None = ...,
    progress: Progress | None = ...,
) -> Scan: ...


def enhance(
    painting: Array | str | Path | Scan | Stack,
    steps: str | Step | Iterable[str | Step],
    *,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Array | Scan:
    """See a scan through a chain of filters: a hypothesis, computed from the scan alone.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel is
            opacity; or what `open` takes, a scan, a stack, of which `rgb` is taken, or else the first.
        steps: filters in order, each as "gaussian:sigma=2"; `tratteggio enhance --list` shows them all.
        tile: pixels a side that are computed at a time; the result does not depend on it.
        progress: called with (pixels done, pixels in all).

    Returns:
        an array like `painting` if that was an array, else a scan of the same depth and metadata whose pixels
        are computed where they are read. Opacity is not touched, nor what the scan does not show.

    Raises:
        UnknownName: no such filter or option.
        BadUsage: an option is missing or refused, a window is wider than the picture, or a filter looks at
            more of it than can be held.
        BadPixels: NaN or infinite values, when they are read.
        GridMismatch: the other picture of a hybrid has another size.
        MissingExtra: a filter needs OpenCV, which is not installed.

    Example:
        >>> edge = np.repeat([[0, 0, 255, 255]], 3, axis=0).astype(np.uint8)
        >>> enhance(edge, ["contrast:gain=0.5", "sobel"])[1]
        array([  0, 128, 128,   0], dtype=uint8)
    """
    scan, done = stack_of(painting).primary, chain(steps)
    seen = _through(scan, done, _others(done), tile=tile, progress=progress)
    if isinstance(painting, np.ndarray):
        return seen[:, :]
    return replace(scan, pixels=seen, name=f"{scan.name} (enhanced)")


def enhance_file(
    source: str | Path,
    target: str | Path,
    steps: str | Step | Iterable[str | Step],
    *,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """See a scan through a chain of filters into a file, window by window, with its history beside it.

    Args:
        source: what `open` takes.
        target: .tif .png .jpg
        steps: as those of `enhance`.
        tile: likewise.
        progress: likewise.

    Returns:
        the history, as it is written beside the target: under "hypothesis" each step, in order.

    Raises:
        UnsafeOutput: the target is the source, or the other picture of a hybrid.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `enhance` and `open` raise.
    """
    done, target = chain(steps), Path(target)
    files.require_scan_writable(target)
    scan = open(source).primary
    files.refuse_overwrite(source, target)
    for step in done:
        if step.other is not None:
            files.refuse_overwrite(step.other, target)
    others = _others(done)
    pixels = _through(scan, done, others, tile=tile, progress=progress)
    history = {
        "tratteggio": __version__,
        "verb": "enhance",
        "what": "a hypothesis: every pixel is computed from the source by these steps, in this order",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": facts(scan),
        "hypothesis": [_told(step, other, scan.grid) for step, other in zip(done, others, strict=True)],
        "chain": said(done),
    }
    return files.save_made(pixels, scan, target, history=history)


def _others(steps: Sequence[Step]) -> list[Scan | None]:
    """Open the other picture that a step needs, for each step."""
    return [None if step.other is None else open(step.other).primary for step in steps]


def _through(
    scan: Scan,
    steps: Sequence[Step],
    others: Sequence[Scan | None],
    *,
    tile: int | None,
    progress: Progress | None,
) -> windows.Enhanced:
    if tile is not None and tile < 1:
        raise BadUsage(f"--tile is a number of pixels, 1 or more, got {tile}")
    light = windows.filtered(scan, steps, others)
    reach = windows.reach_of(steps, scan.grid)
    if scan.seen is not None and reach != 0:
        log.warning(
            "%s does not show the painting everywhere; near the rim filters take in what lies beyond",
            scan.name,
        )
    # A tile is read with its margins: the wider these are, the wider it should be.
    side = tile or max(windows.TILE, 4 * (reach or 0))
    return windows.Enhanced(scan, light, tile=side, progress=progress)


def _told(step: Step, other: Scan | None, grid: tuple[int, int]) -> dict[str, Any]:
    """Say what a step does, for the history."""
    told: dict[str, Any] = {"filter": step.name, "options": step.options, "reach_px": step.reach(grid)}
    if other is not None:
        told["also_read"] = {"name": provenance.short_name(other.name), "sha256": provenance.sha256_of(other)}
    return told
