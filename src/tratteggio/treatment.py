"""The verbs: open, propose a fill, look through filters. The only way in for command line and Python."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from inspect import signature
from itertools import count, takewhile
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from tratteggio import files, registry
from tratteggio.errors import BadUsage, GridMismatch, Stopped, UnreadableFile, UnwritableFile
from tratteggio.files import provenance
from tratteggio.files.stacks import history_of
from tratteggio.filters import windows
from tratteggio.filters.chain import Step, chain, said
from tratteggio.finish import finished
from tratteggio.painting import Lacunae, Mapped, Restoration, Scan, Stack
from tratteggio.painting.pixels import Array, Lost, Pixels
from tratteggio.roles import Engine, Sampler
from tratteggio.tiles import DiskLedger, Ledger, MemoryLedger, run
from tratteggio.tiles.blend import ConfidencePixels, FillPixels
from tratteggio.tiles.trial import trials
from tratteggio.tiles.trust import calibration_of, left_open
from tratteggio.version import __version__

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]
TILES = (2048, 1024, 512)  # pixels a side that are read at a time: the first that fits the memory
OVERHANG = 1024  # windows reach beyond their tile by at most about this
WORKING_GIB = 0.3  # measured: the engine's window, the reader's cache, the writer's bands


class Trust(NamedTuple):
    """What is asked of the confidence of a proposal; see `inpaint`."""

    calibrate: bool = False
    leave_above: float | None = None


def open(painting: str | Path | Mapping[str, str | Path]) -> Stack:  # noqa: A001 - reads as `tg.open`
    """Open a scan, or several registered ones, lazily.

    Args:
        painting: a file (taken as `rgb`), an OME-Zarr, an OME-TIFF that we wrote, a folder with a
            `painting.toml`, or files by modality name.

    Raises:
        BadUsage: a folder of another kind, or a `painting.toml` that cannot be followed.
        UnreadableFile: a file is missing, damaged or of a kind we do not read.
        GridMismatch: the scans differ in size.
    """
    if isinstance(painting, Mapping):
        return Stack(tuple(files.read(path, modality=name) for name, path in painting.items()))
    return files.read_stack(painting)


@overload
def inpaint(
    painting: Array,
    lost: Lost | Lacunae | str | Path,
    *,
    engine: str | Engine = ...,
    finish: str = ...,
    seed: int = ...,
    device: str = ...,
    tile: int | None = ...,
    memory: float | None = ...,
    calibrate: bool = ...,
    leave_above: float | None = ...,
    progress: Progress | None = ...,
) -> Array: ...


@overload
def inpaint(
    painting: str | Path | Scan | Stack,
    lost: Lost | Lacunae | str | Path,
    *,
    engine: str | Engine = ...,
    finish: str = ...,
    seed: int = ...,
    device: str = ...,
    tile: int | None = ...,
    memory: float | None = ...,
    calibrate: bool = ...,
    leave_above: float | None = ...,
    progress: Progress | None = ...,
) -> Restoration: ...


def inpaint(
    painting: Array | str | Path | Scan | Stack,
    lost: Lost | Lacunae | str | Path,
    *,
    engine: str | Engine = "auto",
    finish: str = "mimetic",
    seed: int = 0,
    device: str = "auto",
    tile: int | None = None,
    memory: float | None = None,
    calibrate: bool = False,
    leave_above: float | None = None,
    progress: Progress | None = None,
) -> Array | Restoration:
    """Propose a fill for the lacunae of a painting. Pixels that are not lost are never touched.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel
            is opacity; or what `open` takes, a scan, a stack. Of several scans `rgb` is filled, or else the
            first; engines that look at others are shown those, too.
        lost: (H, W) bool, True where paint is lost; or lacunae, or a mask file (white = lost).
        engine: a name from `tratteggio.registry.names("engines")`, or an engine made with options of its own.
        finish: how the fill is shown: mimetic, hatched, neutral or outlined.
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda"; an engine says if it cannot run there.
        tile: about how many pixels a side are read at a time; the result does not depend on it.
        memory: GiB that the work may take; chooses `tile`.
        calibrate: make the confidence hold on this painting: lacunae of the same shapes are laid over known
            paint and filled, to see how far off fills are.
        leave_above: lacunae whose fills are off by more than this share of the range, in 1 of 10 pixels as
            the confidence has it, are left open. With `calibrate` that can be relied on.
        progress: called with (lost pixels done, lost pixels in all).

    Returns:
        an array like `painting` if that was an array, else a Restoration (lazy; `.save(path)` writes it).

    Raises:
        GridMismatch: painting and lacunae differ in size.
        BadUsage: nothing is lost, everything is lost, or an option cannot be met.
        BadPixels: known paint is NaN or infinite.
        UnknownName: no such engine or finish.

    Example:
        >>> ramp = np.tile(np.arange(64, dtype=np.uint16) * 1000, (48, 1))
        >>> lost = np.zeros(ramp.shape, bool)
        >>> lost[20:24, 30:33] = True
        >>> damaged = np.where(lost, 0, ramp).astype(np.uint16)
        >>> bool((inpaint(damaged, lost, engine="biharmonic") == ramp).all())
        True
    """
    stack = _stack(painting)
    lacunae = _lacunae(lost, stack.primary)
    maker = make_engine(engine, seed=seed, device=device) if isinstance(engine, str) else engine
    registry.load("finish", finish)
    stack = _shown(stack, maker)
    _require_fillable(stack.primary, lacunae)
    job = describe(stack, lacunae, maker, seed=seed)
    tile, _ = memory_plan(stack, tile=tile, memory=memory)
    restoration = _propose(
        stack, lacunae, maker, MemoryLedger(), job=job, finish=finish, tile=tile,
        trust=Trust(calibrate, leave_above), progress=progress,
    )  # fmt: skip
    return restoration.image if isinstance(painting, np.ndarray) else restoration


def inpaint_file(
    source: Path,
    mask: Path,
    target: Path,
    *,
    engine: str | Engine = "auto",
    finish: str = "mimetic",
    seed: int = 0,
    device: str = "auto",
    tile: int | None = None,
    memory: float | None = None,
    calibrate: bool = False,
    leave_above: float | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Fill a painting into a file, keeping a ledger beside the output so that the work can be resumed.

    The ledger is the folder `TARGET.job`; it is gone when the target is complete. The options are those of
    `inpaint`.

    Args:
        source: what `open` takes.
        mask: a mask file (white = lost).
        target: .tif .png .jpg .ora
        resume: go on with an unfinished job of the same inputs and options; if the target is already
            complete, nothing is done again.

    Returns:
        the history, as it is written beside the target.

    Raises:
        Stopped: interrupted; the ledger holds what was done.
        UnsafeOutput: the target is the source or the mask, or an unfinished job lies there.
        TratteggioError: as `inpaint` and `files.save` raise.
    """
    files.require_writable(target)
    for precious in (source, mask):
        files.refuse_overwrite(precious, target)
    stack = open(source)
    for scan in stack.scans:
        files.refuse_overwrite(scan.name, target)
    lacunae = _lacunae(mask, stack.primary)
    maker = make_engine(engine, seed=seed, device=device) if isinstance(engine, str) else engine
    registry.load("finish", finish)
    stack = _shown(stack, maker)
    tile, _ = memory_plan(stack, tile=tile, memory=memory)
    _require_fillable(stack.primary, lacunae)
    job = describe(stack, lacunae, maker, seed=seed) | {"tile": tile}
    trust = Trust(calibrate, leave_above)
    if resume and (done := _finished_before(target, job, finish, trust)):
        return done
    ledger = DiskLedger(target.with_name(target.name + ".job"), job, resume=resume)
    try:
        restoration = _propose(
            stack, lacunae, maker, ledger, job=job, finish=finish, tile=tile, trust=trust,
            progress=progress,
        )  # fmt: skip
        restoration.save(target)
    except KeyboardInterrupt:
        raise Stopped(
            f"stopped before {target} was complete; run the same command with --resume to go on"
        ) from None
    except BaseException as error:
        if not ledger.started or isinstance(error, BadUsage):
            ledger.discard()
        elif isinstance(error, UnwritableFile):
            raise UnwritableFile(f"{error}; what is filled is kept: make room, then add --resume") from error
        raise
    ledger.discard()
    return restoration.history


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
    scan, done = _stack(painting).primary, chain(steps)
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
        "source": _facts(scan),
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


def _facts(scan: Scan) -> dict[str, Any]:
    """Say which scan this is, for the history."""
    return {
        "name": provenance.short_name(scan.name),
        "modality": scan.modality,
        "sha256": provenance.sha256_of(scan),
        "rows": scan.grid[0],
        "cols": scan.grid[1],
        "channels": scan.channels,
        "depth": scan.dtype.name,
    }


def make_engine(
    name: str,
    *,
    seed: int = 0,
    device: str = "auto",
    weights: str | Path | None = None,
    attributes: Sequence[str] = (),
) -> Engine:
    """Make an engine by name, for any number of paintings.

    Args:
        name: from `tratteggio.registry.names("engines")`.
        seed: fixes every random choice.
        device: "auto", "cpu" or "cuda".
        weights: what the engine's net goes by instead of the weights that ship, for engines that have a net.
        attributes: what the painting shows, for engines whose net has learnt to be told of that.

    Raises:
        UnknownName: no such engine, or an attribute that the net has not learnt.
        BadUsage: the engine cannot run on the device, or has no net that weights could serve or that is told
            of attributes.
        MissingExtra: an optional dependency is not installed, or no such weights are.
        UnreadableFile, UnsupportedFile: the weights are missing, damaged, or of another net.
    """
    make = registry.load("engines", name).make
    taken = signature(make).parameters
    if weights is not None and "weights" not in taken:
        raise BadUsage(f"engine {name} has no net, so there is nothing for weights to serve; leave them out")
    if attributes and "attributes" not in taken:
        raise BadUsage(f"engine {name} is told of no attributes; leave them out, or take engine vae")
    own = ({"weights": weights} if weights is not None else {}) | (
        {"attributes": attributes} if attributes else {}
    )
    made: Engine = make(seed=seed, device=device, **own)
    return made


def samplers(engine: Engine, number: int) -> list[Engine]:
    """Return engines that give as many other plausible fills, in place of the one that is held for best.

    Raises:
        BadUsage: a number below 1, or an engine that knows one fill only.
    """
    if number < 1:
        raise BadUsage(f"--samples is the number of other fills, 1 or more, got {number}")
    if not isinstance(engine, Sampler):
        raise BadUsage(f"engine {engine.name} knows one fill only; for several take engine vae or patch_mrf")
    return [engine.sample(one) for one in range(1, number + 1)]


def reopen(target: str | Path, *, source: str | Path | None = None) -> Restoration:
    """Open a saved proposal again with all its layers, from the files beside it.

    Args:
        target: a proposal that `inpaint` wrote.
        source: the original, or the stack that holds it, if it is no longer where the history says.

    Raises:
        UnreadableFile: the proposal, its history or its source is missing or damaged.
    """
    target = Path(target)
    history = provenance.read_history(provenance.sidecar(target, "history"))
    if source is None:
        recorded = history.get("source", {}).get("file")
        if recorded is None or not provenance.place_named(str(target.parent / recorded)):
            raise UnreadableFile(f"{target}: its source {recorded} is not there; give it with --source")
        source = target.parent / recorded
    original = open(source).primary
    proposal = files.read(target)
    if proposal.grid != original.grid or proposal.channels != original.channels:
        raise GridMismatch(
            f"{target} is {_size(proposal.grid)} with {proposal.channels} channels, but its source "
            f"{source} is {_size(original.grid)} with {original.channels}"
        )
    lacunae = _lacunae(provenance.sidecar(target, "lost"), original)
    confidence = files.read(provenance.sidecar(target, "confidence"))
    channels = original.channels
    return Restoration(
        original,
        lacunae,
        Mapped(proposal.pixels, lambda a: _colours(a, channels), channels, original.dtype),
        Mapped(confidence.pixels, lambda a: (a / np.float32(255)).astype(np.float32), 0, np.dtype("f4")),
        history,
        files.save,
    )


def sample_file(target: str | Path, number: int) -> Path:
    """Return where fill `number` of a proposal lies, from 1 on: proposal.sample-1.tif beside proposal.tif."""
    target = Path(target)
    return target.with_name(f"{target.stem}.sample-{number}{target.suffix}")


def reopen_samples(target: str | Path, *, source: str | Path | None = None) -> list[Restoration]:
    """Open the other fills that lie beside a proposal, as `reopen`; none if there are none.

    A file of that name which fills other lacunae or another painting is left out with a warning.
    """
    files_there = list(takewhile(Path.exists, (sample_file(target, number) for number in count(1))))
    if not files_there:
        return []
    wanted = provenance.read_history(provenance.sidecar(Path(target), "history"))
    samples = []
    for file in files_there:
        sample = reopen(file, source=source)
        if _what(sample.history) == _what(wanted):
            samples.append(sample)
        else:
            log.warning("%s is no other fill of the lacunae of %s and is left out", file, target)
    return samples


def _what(history: Mapping[str, Any]) -> tuple[str, str]:
    """Return which painting and which lacunae a proposal is about, by hash."""
    return history["source"]["sha256"], history["lacunae"]["raster_sha256"]


def export(source: str | Path, target: str | Path, *, progress: Progress | None = None) -> None:
    """Write a painting in another format; the suffix of the target chooses it.

    Args:
        source: what `open` takes; for .ora a proposal that `inpaint` wrote.
        target: .ome.zarr or .ome.tif, a stack with profile, scale, title and history; .ora, the layers of a
            proposal, an 8-bit exchange copy.
        progress: called with (pixels read, pixels in all); not for .ora.

    Raises:
        BadUsage: an unknown suffix, or scans that the format cannot hold.
        UnsafeOutput: the target is the source.
        UnreadableFile, UnwritableFile: as `open`, `reopen` and `files.write_stack` raise.
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() == ".ora":
        reopen(source).save(target)
        return
    stack = open(source)
    history = history_of(source) or {
        "tratteggio": __version__,
        "verb": "export",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": {"name": source.name},
    }
    files.write_stack(stack, target, history=history, progress=progress)


def describe(stack: Stack, lacunae: Lacunae, engine: Engine, *, seed: int) -> dict[str, Any]:
    """Say which job this is: what goes in, by hash, and what is done to it. Equal jobs give equal bits.

    The hash of a file is that of its bytes, as `sha256sum` prints it; of an array, or of one scan in a
    file of several, that of its samples.
    """
    scan, mask = stack.primary, provenance.file_named(lacunae.name)
    return {
        "tratteggio": __version__,
        "source": _facts(scan),
        "also_read": {
            other.modality: {
                "name": provenance.short_name(other.name),
                "sha256": provenance.sha256_of(other),
            }
            for other in stack.scans
            if other is not scan
        },
        "lacunae": {
            "name": mask.name if mask else lacunae.name,
            "sha256": provenance.sha256(mask) if mask else None,
            "raster_sha256": provenance.sha256_pixels(lacunae.lost),
            "lost_px": lacunae.lost_px,
        },
        "engine": {
            "name": engine.name,
            "parameters": engine.parameters,
            "weights_sha256": engine.parameters.get("weights_sha256"),
        },
        "seed": seed,
    }


def _propose(
    stack: Stack,
    lacunae: Lacunae,
    engine: Engine,
    ledger: Ledger,
    *,
    job: Mapping[str, Any],
    finish: str,
    tile: int,
    trust: Trust,
    progress: Progress | None,
) -> Restoration:
    """Fill, and lay the pieces over the original as a restoration."""
    laid = run(stack, lacunae, engine, ledger, tile=tile, progress=progress)
    scan, told = stack.primary, {}
    confidence: Pixels = ConfidencePixels(scan, ledger)
    if trust.calibrate:
        calibration, told["calibration"] = calibration_of(
            trials(stack, lacunae, engine, seed=int(job["seed"]))
        )
        confidence = Mapped(confidence, calibration, 0, np.dtype(np.float32))
    if trust.leave_above is not None:
        lacunae, told["left_open"] = left_open(lacunae, confidence, above=trust.leave_above)
    history = {
        **job,
        "verb": "inpaint",
        "what": "a proposal: pixels outside the lacunae are those of the source, bit by bit",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "filled_share": lacunae.share,
        "groups": len(laid.groups.regions),
        **told,
    }
    restoration = Restoration(scan, lacunae, FillPixels(scan, ledger), confidence, history, files.save)
    return finished(restoration, finish)


def _stack(painting: Array | str | Path | Scan | Stack) -> Stack:
    """Take a painting in any of the forms that a user may hold it in."""
    if isinstance(painting, Stack):
        return painting
    if isinstance(painting, Scan):
        return Stack((painting,))
    if isinstance(painting, np.ndarray):
        return Stack((Scan(painting, alpha=painting.ndim == 3 and painting.shape[2] in (2, 4)),))
    return open(painting)


def _lacunae(lost: Lost | Lacunae | str | Path, scan: Scan) -> Lacunae:
    """Take lacunae in any form, on the grid of the scan."""
    if isinstance(lost, str | Path):
        return files.read_lacunae(lost, scan)
    lacunae = lost if isinstance(lost, Lacunae) else Lacunae(lost)
    if lacunae.grid != scan.grid:
        raise GridMismatch(
            f"{lacunae.name} is {_size(lacunae.grid)} but {scan.name} is {_size(scan.grid)}; "
            "the mask must have exactly the size of the scan"
        )
    return lacunae


def _shown(stack: Stack, engine: Engine) -> Stack:
    """Keep the scan that is filled and those that the engine reads; the others need no memory."""
    if engine.reads is None:
        return stack
    kept = (stack.primary.modality, *engine.reads)
    return replace(stack, scans=tuple(scan for scan in stack.scans if scan.modality in kept))


def _require_fillable(scan: Scan, lacunae: Lacunae) -> None:
    """Refuse what no engine can do: nothing lost, everything lost, paint that is not a number."""
    if lacunae.lost_px == 0:
        raise BadUsage(f"{lacunae.name} marks nothing as lost (white = lost), so there is nothing to fill")
    if lacunae.lost_px == lacunae.grid[0] * lacunae.grid[1]:
        raise BadUsage(
            f"{lacunae.name} marks every pixel as lost (white = lost), so no paint is known to fill from; "
            "is the mask inverted?"
        )
    scan.require_finite(lacunae)


def memory_plan(stack: Stack, *, tile: int | None = None, memory: float | None = None) -> tuple[int, float]:
    """Choose how much of a painting is read at a time, and estimate what filling it takes.

    Args:
        stack: what is read: the scan to fill and those that the engine reads.
        tile: pixels a side, if the user chose.
        memory: GiB that the work may take, if the user said.

    Returns:
        the tile in pixels a side, and the peak in GiB above an idle interpreter.

    Raises:
        BadUsage: the memory is too little for these scans, or an option is out of range.
    """
    if tile is not None and tile < 1:
        raise BadUsage(f"--tile is a number of pixels, 1 or more, got {tile}")
    rows, cols = stack.grid
    sample_bytes = [(scan.channels + scan.alpha) * scan.dtype.itemsize for scan in stack.scans]
    by_region = [getattr(scan.pixels, "by_region", True) for scan in stack.scans]
    whole = sum(size for size, lazy in zip(sample_bytes, by_region, strict=True) if not lazy)
    fixed = WORKING_GIB + rows * cols * whole / 2**30
    # A tile while it is put together, its masks, and the pieces of its fill.
    per_px = 2 * sum(sample_bytes) + 8

    def peak(side: int) -> float:
        return fixed + min(side + OVERHANG, rows) * min(side + OVERHANG, cols) * per_px / 2**30

    if tile is None:
        fitting = [side for side in TILES if memory is None or peak(side) <= memory]
        if not fitting:
            hint = "" if all(by_region) else "; it cannot be read by region, which a tiled TIFF could"
            raise BadUsage(
                f"--memory {memory:g} GiB is too little: filling {stack.primary.name} takes about "
                f"{peak(TILES[-1]):.1f} GiB{hint}"
            )
        tile = fitting[0]
    return tile, peak(tile)


def _finished_before(
    target: Path, job: Mapping[str, Any], finish: str, trust: Trust
) -> Mapping[str, Any] | None:
    """Return the history of the proposal at `target` if it is complete and of this very job."""
    sidecar = provenance.sidecar(target, "history")
    if not (target.exists() and sidecar.exists()):
        return None
    history = provenance.read_history(sidecar)
    source = {key: value for key, value in history["source"].items() if key != "file"}
    same = all((history | {"source": source}).get(key) == value for key, value in job.items())
    same = same and history["finish"]["name"] == finish
    left_open = history.get("left_open", {}).get("above")
    same = same and trust == Trust("calibration" in history, left_open)
    return history if same else None


def _colours(array: Array, channels: int) -> Array:
    """Drop alpha and give grey a channel axis."""
    return array[..., None] if array.ndim == 2 else array[..., :channels]


def _size(grid: tuple[int, int]) -> str:
    return f"{grid[0]} x {grid[1]} (rows x columns)"
