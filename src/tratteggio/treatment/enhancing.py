"""Apply filters or an enhancer to a scan. The result is a hypothesis."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from tratteggio import files, options
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.files.holding import least_bytes, require_holds, require_space
from tratteggio.files.icc import profile_name, srgb_profile
from tratteggio.files.layout import relaid
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.outputs import require_outputs
from tratteggio.files.record import Input, input_file, make_record
from tratteggio.files.sensor import SENSOR
from tratteggio.files.watch import Watch
from tratteggio.files.white import note_range
from tratteggio.filters.chain import Step, chain
from tratteggio.filters.chain import as_options as chain_text
from tratteggio.painting import Metadata, Pixels, Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.roles import Consulting, Developer, Enhancer, Finder
from tratteggio.treatment.making import make_enhancer
from tratteggio.treatment.opening import (
    describe_scan,
    open,  # noqa: A004 - reads as `tg.open`
    require_picture,
    stack_of,
)
from tratteggio.treatment.planning import input_files
from tratteggio.windows import Outputs
from tratteggio.windows.cluster import Scheduler, cluster_at
from tratteggio.windows.executing import Computers
from tratteggio.windows.filtered import TILE, Enhanced, filtered, reach_of
from tratteggio.windows.outputs import WINDOW

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]
Steps = str | Step | Iterable[str | Step]


@overload
def enhance(
    painting: Array,
    steps: Steps = ...,
    *,
    enhancer: str | Enhancer | None = ...,
    device: str = ...,
    tile: int | None = ...,
    progress: Progress | None = ...,
    scheduler: Scheduler | None = ...,
) -> Array: ...


@overload
def enhance(
    painting: str | Path | Scan | Stack,
    steps: Steps = ...,
    *,
    enhancer: str | Enhancer | None = ...,
    device: str = ...,
    tile: int | None = ...,
    progress: Progress | None = ...,
    scheduler: Scheduler | None = ...,
) -> Scan: ...


def enhance(
    painting: Array | str | Path | Scan | Stack,
    steps: Steps = (),
    *,
    enhancer: str | Enhancer | None = None,
    device: str = "auto",
    tile: int | None = None,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Array | Scan:
    """Apply a chain of filters, or an enhancer, to a scan. The result is a hypothesis.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel is
            opacity; or what `open` takes, a scan, a stack, of which `rgb` is taken, or else the first.
        steps: filters in order, each as "gaussian:sigma=2"; `tratteggio enhance --list` shows them all.
        enhancer: instead of filters, as "superres:scale=3", from the same list; or an enhancer.
        device: of an enhancer with a net: "auto", "cpu" or "cuda".
        tile: pixels a side that are computed at a time by filters; the result does not depend on it.
        progress: called with (pixels done, pixels in all).
        scheduler: compute windows on the workers of a Dask cluster: an address, "local:2" for two processes
            here, or a `distributed.Client`. The bits are the same. See `windows.cluster`.
            A scan is computed when it is read, so it needs a client, which stays open until then.

    Returns:
        an array like `painting` if that was an array, else a scan of the same depth and metadata whose pixels
        are computed where they are read. Opacity is not touched, nor what the scan does not show. An enhancer
        may answer on a finer grid, whose pixels have the opacity of the one that they lie in, or in colour.

    Raises:
        UnknownName: no such filter, enhancer or option.
        BadUsage: neither filters nor an enhancer, or both; an option is missing or refused, a window is wider
            than the image, a filter needs more of it than memory allows, or the enhancer cannot take it.
        BadPixels: NaN or infinite values, when they are read.
        GridMismatch: the other image of a hybrid has another size.
        MissingExtra: a filter needs OpenCV, or an enhancer weights, that is not installed.

    Example:
        >>> edge = np.repeat([[0, 0, 255, 255]], 3, axis=0).astype(np.uint8)
        >>> enhance(edge, ["contrast:gain=0.5", "sobel"])[1]
        array([  0, 128, 128,   0], dtype=uint8)
    """
    way = _choose(steps, enhancer, device=device, tile=tile)
    source = stack_of(painting, raw=way.raw).primary
    note_range(source)
    if not isinstance(painting, np.ndarray):
        if isinstance(scheduler, str):
            raise BadUsage(
                "scheduler must be a distributed.Client, as the scan is computed when it is read; or write "
                "it with `tratteggio.treatment.enhance_file`",
                option="scheduler",
            )
        with cluster_at(scheduler) as executor:
            return way.through(source, progress, executor)
    with cluster_at(scheduler) as executor:
        return way.through(source, progress, executor).read()


def enhance_file(
    source: str | Path,
    target: str | Path,
    steps: Steps = (),
    *,
    enhancer: str | Enhancer | None = None,
    device: str = "auto",
    tile: int | None = None,
    white: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Mapping[str, Any]:
    """Write what `enhance` gives to a file, window by window, with its history beside it.

    Args:
        source: what `open` takes.
        target: .tif .png .jpg
        steps, enhancer, device, tile, progress, scheduler: as those of `enhance`.
        white: the sample that stands for white, as for `open`.
        overwrite: replace outputs that are there already.

    Returns:
        the history, as it is written beside the target: under "hypothesis" each step, in order.

    Raises:
        UnsafeOutput: an output is the source or the other image of a hybrid, or exists already.
        SourceChanged: the source was replaced while it was being read; nothing is written.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `enhance` and `open` raise.
    """
    target = Path(target)
    way = _choose(steps, enhancer, device=device, tile=tile)
    files.require_scan_writable(target)
    read = [*input_files(source), *map(Path, way.reads)]
    outputs = [target, files.sidecar(target, "history")]
    require_outputs(outputs, inputs=read, overwrite=overwrite)
    watch = Watch(read)
    scan = open(source, raw=way.raw, white=white).primary
    require_picture(scan)
    note_range(scan)
    with cluster_at(scheduler) as executor:
        made = way.through(scan, progress, executor)
        require_holds(made, target)
        least = least_bytes(made, target, provenance.file_named(scan.name))
        require_space(target.parent, least, what=f"enhancing {scan.name}")
        described = describe_scan(scan)
        history = make_record(
            "enhance",
            what="a hypothesis: every pixel is computed from the source by these steps, in this order",
            inputs=[
                Input(scan.modality, described["name"], described["sha256"]),
                *(input_file(path, "other image") for path in way.reads),
            ],
            options={"device": device, "tile": tile, "white": white},
            details={"source": described, "hypothesis": way.describe(scan), "chain": way.text},
        )
        watch.know(source, described["sha256"])
        watch.check()
        return files.save_made(
            made, target, source=scan, history=history,
            before=watch.last_look(outputs, overwrite=overwrite),
        )  # fmt: skip


class _Filters(NamedTuple):
    """A chain of filters, ready for a scan."""

    steps: Sequence[Step]
    others: Sequence[Scan | None]
    tile: int | None
    raw: bool = False

    @property
    def text(self) -> str:
        return chain_text(self.steps)

    @property
    def reads(self) -> list[str]:
        return [step.other for step in self.steps if step.other is not None]

    def describe(self, scan: Scan) -> list[dict[str, Any]]:
        return [
            _describe(step, other, scan.grid) for step, other in zip(self.steps, self.others, strict=True)
        ]

    def through(self, scan: Scan, progress: Progress | None, executor: Computers | None) -> Scan:
        for other in filter(None, self.others):
            require_same_orientation(scan, other)
        light = filtered(scan, self.steps, self.others)
        reach = reach_of(self.steps, scan.grid)
        _warn_of_rims(scan, reach)
        # A tile is read with its margins: the wider these are, the wider it should be.
        side = self.tile or max(TILE, 4 * (reach or 0))
        return _apply(scan, light, tile=side, progress=progress, executor=executor)


class _Improved(NamedTuple):
    """An enhancer, ready for a scan."""

    enhancer: Enhancer
    chosen: str

    @property
    def text(self) -> str:
        return f"--with {shlex.quote(self.chosen)}"

    @property
    def reads(self) -> list[str]:
        return [str(path) for path in self.enhancer.reads] if isinstance(self.enhancer, Consulting) else []

    @property
    def raw(self) -> bool:
        return isinstance(self.enhancer, Developer)

    def describe(self, scan: Scan) -> list[dict[str, Any]]:
        described: dict[str, Any] = {
            "enhancer": self.enhancer.name,
            "learnt": self.enhancer.learnt,
            "parameters": self.enhancer.parameters,
            "read_off": self.enhancer.found(scan) if isinstance(self.enhancer, Finder) else {},
            "scale": self.enhancer.scale,
            "reach_px": self.enhancer.reach,
        }
        if self.enhancer.channels(scan) != scan.channels:
            described["profile"] = {"dropped": profile_name(scan.metadata.icc), "attached": "sRGB"}
        return [described]

    def through(self, scan: Scan, progress: Progress | None, executor: Computers | None) -> Scan:
        self.enhancer.channels(scan)  # before the look at the whole, which takes longer
        _warn_of_rims(scan, self.enhancer.reach)
        light = Outputs(scan, self.enhancer, self.enhancer.prepare(scan))
        return _apply(scan, light, tile=WINDOW * self.enhancer.scale, progress=progress, executor=executor)


def _choose(
    steps: Steps, enhancer: str | Enhancer | None, *, device: str, tile: int | None
) -> _Filters | _Improved:
    if tile is not None and tile < 1:
        raise BadUsage(f"tile must be a number of pixels, 1 or more, got {tile}", option="tile")
    if enhancer is None:
        done = chain(steps)
        return _Filters(done, _others(done), tile)
    if steps:
        raise BadUsage("filters and an enhancer cannot be combined; apply one, then the other to its output")
    if tile is not None:
        raise BadUsage("the windows of an enhancer are fixed; omit `tile=...`")
    if isinstance(enhancer, str):
        return _Improved(*make_enhancer(enhancer, device=device))
    return _Improved(enhancer, options.write(enhancer.name, enhancer.parameters))


def _apply(
    scan: Scan, light: Pixels, *, tile: int, progress: Progress | None, executor: Computers | None
) -> Scan:
    """Return a scan with other light: its depth and alpha, and its metadata on the new grid."""
    pixels = Enhanced(scan, light, tile=tile, progress=progress, executor=executor)
    recoloured = light.shape[2] != scan.channels
    metadata = relaid(scan.metadata, scale=light.shape[0] // scan.grid[0], recoloured=recoloured)
    if recoloured:  # the properties of one channel do not hold for colours
        foreign = {key: value for key, value in metadata.foreign.items() if key != SENSOR}
        metadata = replace(metadata, icc=srgb_profile(), foreign=foreign)
    metadata = _without_clear(metadata, scan.name)
    return replace(scan, pixels=pixels, seen=pixels.seen, metadata=metadata, name=f"{scan.name} (enhanced)")


def _without_clear(metadata: Metadata, name: str) -> Metadata:
    """Forget the colour that stands for transparent: a computed sample may hit it by chance."""
    if metadata.clear is None:
        return metadata
    log.warning("%s marks one colour as transparent; the output is opaque", name)
    foreign = {key: value for key, value in metadata.foreign.items() if key != "clear"}
    foreign["png"] = tuple(chunk for chunk in foreign.get("png", ()) if chunk[0] != b"tRNS")
    return replace(metadata, foreign=foreign)


def _warn_of_rims(scan: Scan, reach: int | None) -> None:
    if scan.seen is not None and reach != 0:
        log.warning(
            "%s shows only a part of the painting; filters near its border also use pixels beyond the border",
            scan.name,
        )


def _others(steps: Sequence[Step]) -> list[Scan | None]:
    """Open the other image that a step needs, for each step."""
    return [None if step.other is None else open(step.other).primary for step in steps]


def _describe(step: Step, other: Scan | None, grid: tuple[int, int]) -> dict[str, Any]:
    """Describe a step for the history."""
    described: dict[str, Any] = {
        "filter": step.name,
        "learnt": False,
        "options": step.options,
        "reach_px": step.reach(grid),
    }
    if other is not None:
        described["also_read"] = {
            "name": provenance.short_name(other.name),
            "sha256": provenance.sha256_of(other),
        }
    return described
