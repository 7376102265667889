"""Propose a fill for the lacunae of a painting."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from tratteggio import files
from tratteggio.calibration import abstain, calibrate_confidence, fill_synthetic_holes
from tratteggio.errors import BadUsage, Cancelled, SourceChanged, Stopped, TratteggioError, UnwritableFile
from tratteggio.files import provenance
from tratteggio.files.forms import Painting
from tratteggio.files.outputs import require_name, require_outputs
from tratteggio.files.saving import saved_files
from tratteggio.files.watch import Watch
from tratteggio.files.white import note_range
from tratteggio.finish import finished, require_finish
from tratteggio.painting import Lacunae, Mapped, Restoration, Scan, Stack
from tratteggio.painting.pixels import Array, Lost, Pixels
from tratteggio.roles import Engine
from tratteggio.seeds import require_seed
from tratteggio.treatment.making import make_engine
from tratteggio.treatment.marking import note_transparent, require_plausible, understood
from tratteggio.treatment.memory import memory_plan
from tratteggio.treatment.opening import (
    also_read,
    facts,
    lacunae_of,
    open,  # noqa: A004 - reads as `tg.open`
    require_picture,
    shown_to,
    stack_of,
)
from tratteggio.treatment.planning import ledger_folder, require_options, require_savable
from tratteggio.version import __version__
from tratteggio.windows import DiskLedger, Ledger, MemoryLedger, run
from tratteggio.windows.blend import ConfidencePixels, FillPixels

Progress = Callable[[int, int], None]

MENDED: dict[type[TratteggioError], str] = {
    UnwritableFile: "make room",
    SourceChanged: "put the input back",
    BadUsage: "change that option",
}


class Trust(NamedTuple):
    """What is asked of the confidence of a proposal; see `inpaint`."""

    calibrate: bool = False
    leave_above: float | None = None


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
    mask_orientation: str | None = ...,
    mostly_lost: bool = ...,
    progress: Progress | None = ...,
) -> Array: ...


@overload
def inpaint(
    painting: str | Path | Scan | Stack | Restoration,
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
    mask_orientation: str | None = ...,
    mostly_lost: bool = ...,
    progress: Progress | None = ...,
) -> Restoration: ...


def inpaint(
    painting: Painting,
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
    mask_orientation: str | None = None,
    mostly_lost: bool = False,
    progress: Progress | None = None,
) -> Array | Restoration:
    """Propose a fill for the lacunae of a painting. Pixels that are not lost are never touched.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel
            is opacity; or what `open` takes, a scan, a stack, a restoration. Of several scans `rgb` is
            filled, or else the first; engines that look at others are shown those, too.
        lost: (H, W) bool, True where paint is lost; or lacunae, or a mask file (white = lost).
        engine: a name from `tratteggio.registry.names("engines")`, or an engine made with options of its own.
        finish: how the fill is shown: mimetic, hatched, neutral or outlined; with options of its own if need
            be, as "hatched:line_px=4".
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda"; an engine says if it cannot run there.
        tile: about how many pixels a side are read at a time; the result does not depend on it.
        memory: GiB that the work may take; chooses `tile`.
        calibrate: make the confidence hold on this painting: lacunae of the same shapes are laid over known
            paint and filled, to see how far off fills are.
        leave_above: lacunae whose fills are off by more than this share of the range, in 1 of 10 pixels as
            the confidence has it, are left open. With `calibrate` that can be relied on.
        mask_orientation: of a mask file over a scan with an orientation tag: "displayed" if it was drawn over
            the scan as a viewer shows it, "stored" if it lies as the samples in the file; None goes by tags
            and sizes, and refuses what is ambiguous. Arrays lie as stored.
        mostly_lost: fill although more than 90 % of the area is marked as lost, which is refused otherwise,
            since such a mask is nearly always inverted.
        progress: called with (lost pixels done, lost pixels in all).

    Returns:
        an array like `painting` if that was an array, else a Restoration (lazy; `.save(path)` writes it).

    Raises:
        GridMismatch: painting and lacunae differ in size.
        BadUsage: nothing is lost, everything is lost, more than 90 % without `mostly_lost`, a mask that fits
            in two ways, channels that are neither grey nor RGB, or an option cannot be met.
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
    require_options(finish=finish, tile=tile, leave_above=leave_above)
    stack = stack_of(painting)
    lacunae = lacunae_of(lost, stack.primary, mask_orientation=mask_orientation)
    require_seed(seed)
    maker = make_engine(engine, seed=seed, device=device) if isinstance(engine, str) else engine
    stack = shown_to(maker, stack)
    note_range(*stack.scans)
    _require_fillable(stack.primary, lacunae, mostly_lost=mostly_lost)
    job = describe(stack, lacunae, maker, seed=seed)
    tile, _ = memory_plan(stack, tile=tile, memory=memory)
    restoration = _propose(
        stack, lacunae, maker, MemoryLedger(), job=job, finish=finish, tile=tile,
        trust=Trust(calibrate, leave_above), progress=progress,
    )  # fmt: skip
    return restoration.image if isinstance(painting, np.ndarray) else restoration


def inpaint_file(
    source: Path,
    mask: Path | Lacunae,
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
    mask_orientation: str | None = None,
    mostly_lost: bool = False,
    resume: bool = False,
    white: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Fill a painting into a file, keeping a ledger beside the output so that the work can be resumed.

    The ledger is the folder `TARGET.job`; it is gone when the target is complete. The options are those of
    `inpaint`. All that can be known from names, headers and options is checked before the first pixel.

    Args:
        source: what `open` takes.
        mask: a mask file (white = lost), or lacunae.
        target: .tif .png .jpg .ora
        resume: go on with an unfinished job of the same inputs and options; if the target is already
            complete, nothing is done again.
        white: the sample that stands for white, as for `open`.
        overwrite: replace outputs that are there already, and an unfinished job unless `resume`.

    Returns:
        the history, as it is written beside the target.

    Raises:
        Stopped: interrupted, or `progress` raised `Cancelled`; the ledger holds what was done.
        UnsafeOutput: an output is the source or the mask, or is there already; an unfinished job lies there,
            or another process is at work on it.
        SourceChanged: an input was replaced while it was being read; nothing is saved.
        TratteggioError: as `inpaint` and `files.save` raise.
    """
    require_seed(seed)
    target, trust = Path(target), Trust(calibrate, leave_above)
    require_options(finish=finish, tile=tile, leave_above=leave_above)
    ready = _ready(
        Path(source), mask, target, engine=engine, seed=seed, device=device, tile=tile, memory=memory,
        mask_orientation=mask_orientation, mostly_lost=mostly_lost, white=white,
        replaces=overwrite or resume,
    )  # fmt: skip
    folder = ledger_folder(target)
    if resume and (done := _finished_before(ready.outputs, ready.job, finish, trust)):
        _forget(folder, ready.job)
        return done
    if not folder.exists():
        require_outputs(ready.outputs, overwrite=overwrite)
    ledger = DiskLedger(
        folder, ready.job, resume=resume, anew=overwrite and not resume, check=ready.watch.check
    )

    def last_look(written: Sequence[Path]) -> None:
        ready.watch.check()
        _claim(ledger, ready.outputs, overwrite=overwrite)
        ledger.own(written, [path.name for path in ready.outputs])

    try:
        _claim(ledger, ready.outputs, overwrite=overwrite)
        restoration = _propose(
            ready.stack, ready.lacunae, ready.engine, ledger, job=ready.job, finish=finish, tile=ready.tile,
            trust=trust, progress=progress,
        )  # fmt: skip
        files.save(restoration, target, before=last_look)
    except (KeyboardInterrupt, Cancelled):
        raise Stopped(
            f"stopped before {target} was complete; run the same command with `resume=True` to continue"
        ) from None
    except BaseException as error:
        if not (ledger.started or ledger.resumed):
            ledger.discard()
        for kind, mend in MENDED.items():
            if isinstance(error, kind) and ledger.started:
                raise kind(
                    f"{error}; what is filled is kept: {mend}, then add `resume=True`", option=error.option
                ) from error
        raise
    else:
        ledger.discard()
    finally:
        ledger.close()
    return restoration.history


class _Ready(NamedTuple):
    """A job whose inputs, outputs and options are checked.

    Attributes:
        outputs: all files that the proposal will have.
        watch: over all inputs, since before they were opened.
    """

    stack: Stack
    lacunae: Lacunae
    engine: Engine
    tile: int
    job: dict[str, Any]
    outputs: list[Path]
    watch: Watch


def _ready(
    source: Path,
    mask: Path | Lacunae,
    target: Path,
    *,
    engine: str | Engine,
    seed: int,
    device: str,
    tile: int | None,
    memory: float | None,
    mask_orientation: str | None,
    mostly_lost: bool,
    white: float | None,
    replaces: bool,
) -> _Ready:
    """Check all that can be known before the first pixel, and say which job it is."""
    outputs, file = saved_files(target), None if isinstance(mask, Lacunae) else Path(mask)
    read = [source] if file is None else [source, file]
    require_outputs(outputs, inputs=read, overwrite=replaces)
    require_name(ledger_folder(target))
    watch = Watch(read)
    stack = open(source, white=white)
    require_outputs(outputs, inputs=[scan.name for scan in stack.scans], overwrite=replaces)
    lacunae = lacunae_of(mask, stack.primary, mask_orientation=mask_orientation)
    require_savable(stack.primary, target, lost_px=lacunae.lost_px)
    maker = make_engine(engine, seed=seed, device=device) if isinstance(engine, str) else engine
    stack = shown_to(maker, stack)
    watch.add(place.parent if place.parent.is_file() else place for place in _places(stack))
    note_range(*stack.scans)
    side, _ = memory_plan(stack, tile=tile, memory=memory)
    _require_fillable(stack.primary, lacunae, mostly_lost=mostly_lost)
    job = describe(stack, lacunae, maker, seed=seed) | {"tile": side}
    _know(watch, stack, file, job)
    return _Ready(stack, lacunae, maker, side, job, outputs, watch)


def _places(stack: Stack) -> list[Path]:
    """Return where the scans of a stack lie on disk."""
    return [place for scan in stack.scans if (place := provenance.place_named(scan.name)) is not None]


def _know(watch: Watch, stack: Stack, mask: Path | None, job: Mapping[str, Any]) -> None:
    """Tell the watch the hashes of the job, and make sure that they are of what was opened."""
    hashes = {job["source"]["modality"]: job["source"]["sha256"]}
    hashes |= {modality: told["sha256"] for modality, told in job["also_read"].items()}
    for scan in stack.scans:
        file = provenance.file_named(scan.name)
        if file is not None:
            watch.know(file, hashes.get(scan.modality))
    if mask is not None:
        watch.know(mask, job["lacunae"]["sha256"])
    watch.check()


def _claim(ledger: DiskLedger, outputs: Sequence[Path], *, overwrite: bool) -> None:
    """Make outputs that are there the job's to replace, if the user said so; refuse all others."""
    there = [path for path in outputs if os.path.lexists(path) and not ledger.owns(path)]
    if there and not overwrite:
        require_outputs(there)
    if there:
        ledger.own(there, [path.name for path in there])


def _forget(folder: Path, job: Mapping[str, Any]) -> None:
    """Remove the ledger of a job that is complete: a kill came between its last file and this."""
    if folder.exists():
        DiskLedger(folder, job, resume=True).discard()


def describe(stack: Stack, lacunae: Lacunae, engine: Engine, *, seed: int) -> dict[str, Any]:
    """Say which job this is: what goes in, by hash, and what is done to it. Equal jobs give equal bits.

    The hash of a file is that of its bytes, as `sha256sum` prints it; of an array, or of one scan in a
    file of several, that of its samples.
    """
    scan, mask = stack.primary, provenance.file_named(lacunae.name)
    return {
        "tratteggio": __version__,
        "source": facts(scan),
        "also_read": also_read(stack),
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
    said = understood(lacunae)
    laid = run(stack, lacunae, engine, ledger, tile=tile, progress=progress)
    scan, told = stack.primary, _opaque(stack.primary)
    confidence: Pixels = ConfidencePixels(scan, ledger)
    if trust.calibrate:
        calibration, told["calibration"] = calibrate_confidence(
            fill_synthetic_holes(stack, lacunae, engine, seed=int(job["seed"]))
        )
        confidence = Mapped(confidence, calibration, 0, np.dtype(np.float32))
    if trust.leave_above is not None:
        lacunae, open_ = abstain(lacunae, confidence, above=trust.leave_above)
        told["left_open"] = {**open_, "raster_sha256": provenance.sha256_pixels(lacunae.lost)}
    history = {
        **job,
        "verb": "inpaint",
        "what": "a proposal: pixels outside the lacunae are those of the source, bit by bit",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "filled_share": lacunae.share,
        "groups": len(laid.groups.regions),
        "understood": said,
        **told,
    }
    restoration = Restoration(scan, lacunae, FillPixels(scan, ledger), confidence, history, files.save)
    return finished(restoration, finish)


def _opaque(scan: Scan) -> dict[str, Any]:
    """Say, for the history, that a fill is opaque where the scan has opacity of its own."""
    if not scan.alpha and scan.metadata.clear is None:
        return {}
    return {"opacity": "opaque inside the lacunae, that of the source elsewhere"}


def _require_fillable(scan: Scan, lacunae: Lacunae, *, mostly_lost: bool) -> None:
    """Refuse what no engine can do: no picture, nothing lost, everything lost, paint that is not a number."""
    require_picture(scan)
    require_plausible(lacunae, mostly_lost=mostly_lost)
    note_transparent(scan, lacunae)
    scan.require_finite(lacunae)


def _finished_before(
    outputs: Sequence[Path], job: Mapping[str, Any], finish: str, trust: Trust
) -> Mapping[str, Any] | None:
    """Return the history of the proposal that lies there if it is complete and of this very job."""
    if not all(path.exists() for path in outputs):
        return None
    history = provenance.read_proposal(provenance.sidecar(outputs[0], "history"))
    source = {key: value for key, value in history["source"].items() if key not in ("file", "file_quoted")}
    wanted = json.loads(provenance.history_json(job))  # as it would be read back
    same = all((history | {"source": source}).get(key) == value for key, value in wanted.items())
    shown = history["finish"]
    same = same and (shown["name"], shown.get("options", {})) == require_finish(finish)
    left_open = history.get("left_open", {}).get("above")
    same = same and trust == Trust("calibration" in history, left_open)
    return history if same else None
