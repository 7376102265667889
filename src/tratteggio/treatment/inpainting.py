"""Propose a fill for the lacunae of a painting."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from tratteggio import files
from tratteggio.calibration import abstain, calibrate_confidence, fill_synthetic_holes
from tratteggio.damage import DamageMap
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.files.forms import Painting
from tratteggio.files.record import Input, make_record
from tratteggio.files.white import note_range
from tratteggio.painting import Lacunae, Mapped, Region, Restoration, Scan, Stack
from tratteggio.painting.pixels import Array, Lost, Pixels
from tratteggio.roles import Engine
from tratteggio.treatment.choosing import Choice, choose, choose_samples
from tratteggio.treatment.damage_files import lacunae_by_policy, read_damage
from tratteggio.treatment.doubts import find_doubts
from tratteggio.treatment.fill_options import FillOptions
from tratteggio.treatment.making import make_engine, samplers
from tratteggio.treatment.marking import describe_mask, note_transparent, read_mask, require_plausible
from tratteggio.treatment.memory import memory_plan
from tratteggio.treatment.opening import (
    describe_others,
    describe_scan,
    lacunae_of,
    list_inputs,
    require_picture,
    select_scans,
    stack_of,
)
from tratteggio.version import __version__
from tratteggio.windows import Ledger, MemoryLedger, run
from tratteggio.windows.blend import ConfidencePixels, FillPixels
from tratteggio.windows.cluster import Scheduler, cluster_at
from tratteggio.windows.executing import Computers

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]


@overload
def inpaint(
    painting: Array,
    lost: Lost | Lacunae | str | Path | None = ...,
    *,
    damage: DamageMap | str | Path | None = ...,
    policy: str | None = ...,
    grow: str | None = ...,
    engine: str | Engine = ...,
    finish: str = ...,
    seed: int = ...,
    device: str = ...,
    tile: int | None = ...,
    memory: float | None = ...,
    calibrate: bool = ...,
    leave_above: float | None = ...,
    mask_orientation: str | None = ...,
    mask_sense: str = ...,
    mask_layer: str | None = ...,
    mostly_lost: bool = ...,
    progress: Progress | None = ...,
    scheduler: Scheduler | None = ...,
) -> Array: ...


@overload
def inpaint(
    painting: str | Path | Scan | Stack | Restoration,
    lost: Lost | Lacunae | str | Path | None = ...,
    *,
    damage: DamageMap | str | Path | None = ...,
    policy: str | None = ...,
    grow: str | None = ...,
    engine: str | Engine = ...,
    finish: str = ...,
    seed: int = ...,
    device: str = ...,
    tile: int | None = ...,
    memory: float | None = ...,
    calibrate: bool = ...,
    leave_above: float | None = ...,
    mask_orientation: str | None = ...,
    mask_sense: str = ...,
    mask_layer: str | None = ...,
    mostly_lost: bool = ...,
    samples: int = ...,
    choices: Sequence[Choice] = ...,
    progress: Progress | None = ...,
    scheduler: Scheduler | None = ...,
) -> Restoration: ...


def inpaint(
    painting: Painting,
    lost: Lost | Lacunae | str | Path | None = None,
    *,
    damage: DamageMap | str | Path | None = None,
    policy: str | None = None,
    grow: str | None = None,
    engine: str | Engine = "auto",
    finish: str = "mimetic",
    seed: int = 0,
    device: str = "auto",
    tile: int | None = None,
    memory: float | None = None,
    calibrate: bool = False,
    leave_above: float | None = None,
    mask_orientation: str | None = None,
    mask_sense: str = "lost",
    mask_layer: str | None = None,
    mostly_lost: bool = False,
    samples: int = 0,
    choices: Sequence[Choice] = (),
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Array | Restoration:
    """Propose a fill for the lacunae of a painting. Pixels that are not lost are never touched.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel
            is opacity; or what `open` takes, a scan, a stack, a restoration. Of several scans `rgb` is
            filled, or else the first; engines that look at others are shown those, too.
        lost: (H, W) bool, True where paint is lost; or lacunae, or a mask file, see
            `files.read_lacunae`.
        damage: instead of `lost`: a damage map, or its file.
        policy: of a damage map: CLASS=fill or CLASS=keep, separated by commas. By default losses and
            scratches are filled, cracks, stains and overpaint kept.
        grow: of a damage map: widen the area to fill, as "2px" or "120um".
        engine: a name from `tratteggio.registry.names("engines")`, with options if needed, or an engine.
        finish: how the fill looks: mimetic, hatched, neutral or outlined, with options if needed, as
            "hatched:line_px=4".
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda".
        tile: side of the square that is read at a time, in pixels; the result does not depend on it.
        memory: GiB that the work may take; chooses `tile`.
        calibrate: measure the error on synthetic holes in known paint, of the shapes of the lacunae, and
            calibrate the confidence with it.
        leave_above: leave a lacuna open if its fill is off by more than this share of the range in 1 of 10
            pixels, according to the confidence. Use it with `calibrate`.
        mask_orientation: of a mask file over a scan with an orientation tag: "displayed" if it was drawn over
            the scan as a viewer shows it, "stored" if its rows are those of the file; None decides by tags
            and sizes, and refuses what is ambiguous. Arrays are as stored.
        mask_sense: what white in a mask file stands for: "lost", or "known" (black is lost then).
        mask_layer: of a mask file with layers (.ora, .psd): the name of the layer; None takes the only one.
        mostly_lost: accept a mask that marks more than 90 % of the area. By default it is refused, because
            such a mask is nearly always inverted.
        samples: the number of other plausible fills, in `Restoration.samples`; not for arrays.
        choices: for single lacunae another fill, another finish, or none with a reason.
        progress: called with (lost pixels done, lost pixels in all), for each fill anew.
        scheduler: compute windows on the workers of a Dask cluster: an address, "local:2" for two processes
            here, or a `distributed.Client`. The bits are the same. See `windows.cluster`.

    Returns:
        an array like `painting` if that was an array, else a Restoration (lazy; `.save(path)` writes it).

    Raises:
        GridMismatch: painting and lacunae differ in size.
        BadUsage: both or neither of `lost` and `damage`; nothing is lost, everything is lost, more than 90 %
            without `mostly_lost`; a mask that fits in two ways; channels that are neither grey nor RGB; an
            engine that makes only one fill, with `samples`; or an option cannot be met.
        BadPixels: known paint is NaN or infinite.
        UnknownName: no such engine or finish.
        MissingExtra, ClusterFailed: as `windows.cluster.cluster_at`, with `scheduler`.

    Example:
        >>> ramp = np.tile(np.arange(64, dtype=np.uint16) * 1000, (48, 1))
        >>> lost = np.zeros(ramp.shape, bool)
        >>> lost[20:24, 30:33] = True
        >>> damaged = np.where(lost, 0, ramp).astype(np.uint16)
        >>> bool((inpaint(damaged, lost, engine="biharmonic") == ramp).all())
        True
    """
    options = FillOptions(
        finish=finish, seed=seed, device=device, tile=tile, memory=memory, calibrate=calibrate,
        leave_above=leave_above, mask_orientation=mask_orientation, mask_sense=mask_sense,
        mask_layer=mask_layer, mostly_lost=mostly_lost, choices=tuple(choices),
    )  # fmt: skip
    if samples and isinstance(painting, np.ndarray):
        raise BadUsage(
            "samples need a restoration to be part of; give a scan instead of an array", option="samples"
        )
    stack = stack_of(painting)
    lacunae = _choose(lost, damage, stack.primary, options, policy=policy, grow=grow)
    maker = make_engine(engine, seed=seed, device=device) if isinstance(engine, str) else engine
    best = choose_samples(maker, choose(lacunae, choices)) if choices else maker
    makers = [best, *(samplers(maker, samples) if samples else ())]
    stack = select_scans(maker, stack)
    note_range(*stack.scans)
    require_fillable(stack.primary, lacunae, mostly_lost=mostly_lost)
    side, _ = memory_plan(stack, tile=tile, memory=memory)
    fills = []
    with cluster_at(scheduler) as executor:
        for one in makers:
            job, ledger = describe(stack, lacunae, one, seed=seed), MemoryLedger()
            fills.append(
                propose(
                    stack, lacunae, one, ledger, job=job, options=options, tile=side, progress=progress,
                    executor=executor,
                )
            )  # fmt: skip
    restoration = replace(fills[0], samples=tuple(fills[1:]))
    return restoration.image if isinstance(painting, np.ndarray) else restoration


def _choose(
    lost: Lost | Lacunae | str | Path | None,
    damage: DamageMap | str | Path | None,
    scan: Scan,
    options: FillOptions,
    *,
    policy: str | None,
    grow: str | None,
) -> Lacunae:
    """Return the lacunae: those given, or those that policies choose from a damage map."""
    if damage is None:
        if lost is None:
            raise BadUsage(
                "give `lost=...`, a mask, or `damage=...`, a damage map; `tratteggio.detect` finds damage"
            )
        if policy is not None or grow is not None:
            raise BadUsage("policy and grow need a damage map; give `damage=...` instead of lost")
        return read_mask(lost, scan, options)
    if lost is not None:
        raise BadUsage("give either lost or damage, not both")
    if not isinstance(damage, DamageMap):
        damage = read_damage(damage, scan, mask_orientation=options.mask_orientation)
    lacunae = lacunae_of(lacunae_by_policy(damage, policy, grow=grow), scan)
    for doubt in find_doubts(scan, damage, lacunae, policy, detected=False):
        log.warning("%s: %s; look at the damage map before you use the fill", damage.name, doubt)
    return lacunae


def describe(stack: Stack, lacunae: Lacunae, engine: Engine, *, seed: int) -> dict[str, Any]:
    """Describe a job by the hashes of its inputs, its engine and its seed. Equal jobs give equal bits.

    The hash of a file is that of its bytes, as `sha256sum` prints it; of an array, or of one scan in a
    file of several, that of its samples.
    """
    scan, mask = stack.primary, provenance.file_named(lacunae.name)
    return {
        "tratteggio": __version__,
        "source": describe_scan(scan),
        "also_read": describe_others(stack),
        "lacunae": {
            "name": mask.name if mask else lacunae.name,
            "sha256": provenance.sha256(mask) if mask else None,
            "raster_sha256": provenance.sha256_pixels(lacunae.lost),
            "lost_px": lacunae.lost_px,
            **_describe_kept(lacunae),
        },
        "engine": {
            "name": engine.name,
            "learnt": engine.learnt,
            "parameters": engine.parameters,
            "weights_sha256": engine.parameters.get("weights_sha256"),
        },
        "seed": seed,
    }


def _describe_kept(lacunae: Lacunae) -> dict[str, Any]:
    """Describe the damage that is kept and not copied, for the history, if there is any."""
    if lacunae.kept_damage is None:
        return {}
    return {"kept_damage_sha256": provenance.sha256_pixels(lacunae.kept_damage)}


def propose(
    stack: Stack,
    lacunae: Lacunae,
    engine: Engine,
    ledger: Ledger,
    *,
    job: Mapping[str, Any],
    options: FillOptions,
    tile: int,
    progress: Progress | None,
    executor: Computers | None = None,
) -> Restoration:
    """Fill, and combine the pieces with the original as a restoration.

    Args:
        stack: the scan to fill, and those that the engine reads.
        lacunae: where paint is lost.
        engine: what fills.
        ledger: keeps the pieces.
        job: what `describe` returns.
        options: as the user chose.
        tile: side of the square that is read at a time, in pixels.
        progress: called with (lost pixels done, lost pixels in all).
        executor: fills windows, see `windows.run`.
    """
    mask = describe_mask(lacunae)
    inputs = list_inputs(job["source"], job["also_read"])
    if job["lacunae"]["sha256"]:
        inputs.append(Input("mask", job["lacunae"]["name"], job["lacunae"]["sha256"]))
    filled = run(stack, lacunae, engine, ledger, tile=tile, progress=progress, executor=executor)
    scan, details = stack.primary, _describe_opacity(stack.primary)
    confidence: Pixels = ConfidencePixels(scan, ledger)
    if sources := _share_sources(ledger, scan):
        details["filled_from"] = sources
        shares = "; ".join(f"{100 * share:.1f} % from {name}" for name, share in sources.items())
        log.info("engine %s filled %s: %s", engine.name, scan.modality, shares)
    if options.calibrate:
        calibration, details["calibration"] = calibrate_confidence(
            fill_synthetic_holes(stack, lacunae, engine, seed=int(job["seed"]))
        )
        confidence = Mapped(confidence, calibration, 0, np.dtype(np.float32))
    chosen = choose(lacunae, options.choices)
    if chosen.by_number:
        details["choices"] = chosen.as_json
        lacunae = chosen.filled()
    open_ = chosen.left
    if options.leave_above is not None:
        lacunae, uncertain = abstain(lacunae, confidence, above=options.leave_above)
        together = {name: uncertain[name] + open_.get(name, 0) for name in ("lacunae", "lost_px")}
        open_ = {**open_, **uncertain, **together}
    if open_:
        details["left_open"] = {**open_, "raster_sha256": provenance.sha256_pixels(lacunae.lost)}
    history = make_record(
        "inpaint",
        what="a proposal: pixels outside the lacunae are those of the source, bit by bit",
        inputs=inputs,
        options=options.as_json(),
        details={
            **job,
            "filled_share": lacunae.share,
            "groups": len(filled.groups.regions),
            "understood": mask,
            **details,
        },
    )
    restoration = Restoration(
        scan, lacunae, FillPixels(scan, ledger), confidence, history, files.save, files.preview
    )
    return chosen.finish(restoration, options.finish)


def _share_sources(ledger: Ledger, scan: Scan) -> dict[str, float]:
    """Return which share of the fill comes from what, the largest first; empty: the engine does not tell."""
    sums: Counter[str] = Counter()
    for piece in ledger.pieces(Region.whole(scan.grid)):
        sums.update(piece.sources)
    whole = sum(sums.values())
    return {name: round(count / whole, 4) for name, count in sums.most_common() if count > 0}


def _describe_opacity(scan: Scan) -> dict[str, Any]:
    """Describe the opacity of the output, for the history, if the scan has opacity."""
    if not scan.alpha and scan.metadata.clear is None:
        return {}
    return {"opacity": "opaque inside the lacunae, that of the source elsewhere"}


def require_fillable(scan: Scan, lacunae: Lacunae, *, mostly_lost: bool) -> None:
    """Refuse what no engine can fill.

    Raises:
        BadUsage: the scan is neither grey nor RGB; nothing is lost, everything, or more than 90 % without
            `mostly_lost`.
        BadPixels: known paint is NaN or infinite.
    """
    require_picture(scan)
    require_plausible(lacunae, mostly_lost=mostly_lost)
    note_transparent(scan, lacunae)
    scan.require_finite(lacunae)
