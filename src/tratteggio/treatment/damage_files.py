"""Damage masks and maps as files: search and write, read, choose by policies what to fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tratteggio import files
from tratteggio.damage import CLASSES, LEGEND, PALETTE, DamageMap, policies
from tratteggio.errors import BadUsage
from tratteggio.files.outputs import require_outputs
from tratteggio.files.watch import Watch
from tratteggio.files.writing import require_mask_suffix
from tratteggio.painting import Lacunae, Scan
from tratteggio.renamed import renamed_arguments
from tratteggio.roles import Detector
from tratteggio.treatment.detecting import DETECTORS, Progress, Survey, keep_grid, survey
from tratteggio.treatment.making import make_detector
from tratteggio.treatment.opening import describe_scan, open  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.planning import input_files
from tratteggio.windows.cluster import Scheduler


@renamed_arguments({"kinds": "detectors"})
def detect_file(
    source: str | Path,
    target: str | Path,
    *,
    detectors: Sequence[str | Detector] = DETECTORS,
    threshold: float | None = None,
    strength: str | Path | None = None,
    damage: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    white: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Survey:
    """Find damage and write a mask (white = lost), with its history beside it.

    Args:
        source: what `open` takes.
        target: .png .tif, 8 bit: damage of all classes.
        detectors, threshold, strength, seed, device, white, progress: as for `survey`.
        damage: also write a map with a colour for each class, .png .tif; see `write_damage`.
        overwrite: replace existing outputs.

    Raises:
        BadUsage: the target is not a .png or .tif.
        UnsafeOutput: an output is an input or exists already, or two outputs are one file.
        SourceChanged: the source was replaced while it was being read; nothing more is written.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `survey` raises.
    """
    for path in (target, strength, damage):
        if path is not None:
            _require_mask_suffix(Path(path))
    require_outputs(
        list_detected_files(target, strength=strength, damage=damage),
        inputs=input_files(source), overwrite=overwrite,
    )  # fmt: skip
    watch = Watch(input_files(source))
    result = survey(
        source, detectors, threshold=threshold, strength=strength, seed=seed, device=device, white=white,
        progress=progress, scheduler=scheduler,
    )  # fmt: skip
    scan = open(source, white=white).primary
    watch.know(source, result.history["source"]["sha256"])
    watch.check()
    everything = files.white_where_lost(result.damage.of(*CLASSES))
    history = files.save_made(
        replace(keep_grid(scan), pixels=everything), target, source=scan, history=result.history,
        before=watch.last_look([Path(target), files.sidecar(target, "history")], overwrite=overwrite),
    )  # fmt: skip
    if damage:
        write_damage(result, damage, overwrite=overwrite)
    return result._replace(history=dict(history))


def list_detected_files(
    target: str | Path, *, strength: str | Path | None = None, damage: str | Path | None = None
) -> list[Path]:
    """List all files that `detect_file` writes."""
    with_history = [Path(path) for path in (target, damage) if path is not None]
    beside = [files.sidecar(path, "history") for path in with_history]
    return [*with_history, *beside, *([] if strength is None else [Path(strength)])]


def write_damage(found: Survey, target: str | Path, *, overwrite: bool = False) -> None:
    """Write a map of the classes in their colours, with its history beside it.

    Args:
        found: what `survey` returned.
        target: .png .tif
        overwrite: replace what is there already.

    Raises:
        BadUsage: the target is not a .png or .tif.
        UnsafeOutput: it is there already.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = Path(target)
    _require_mask_suffix(target)
    history = files.sidecar(target, "history")
    require_outputs([target, history], overwrite=overwrite)
    # The history first: without one, a later run could not know that the map is ours.
    files.write_history(history, {**found.history, "classes": class_colours()})
    files.write_indexed(found.damage.indices, target, PALETTE, metadata=found.damage.metadata)


def is_surveyed(target: str | Path, scan: Scan, detectors: Sequence[str]) -> bool:
    """Return whether a file is the damage map of this scan and these detectors, so that it can be used again.

    Args:
        target: where the map would be.
        scan: what was searched.
        detectors: by name, with options if need be.

    Raises:
        UnsafeOutput: a file of that name is there, but it is another map or no map.
    """
    target = Path(target)
    beside_it = files.sidecar(target, "history")
    there = [path for path in (target, beside_it) if path.exists()]
    if not there:
        return False
    history = files.read_history(beside_it) if beside_it.exists() else {}
    full = [make_detector(one)[1] for one in detectors]
    same = history.get("verb") == "detect" and history["source"]["sha256"] == describe_scan(scan)["sha256"]
    if not same or [one["words"] for one in history["detectors"]] != full:
        require_outputs(there)
    return target.exists()


def read_damage(path: str | Path, scan: Scan, *, mask_orientation: str | None = None) -> DamageMap:
    """Read a damage map that `write_damage` wrote, or that somebody painted or corrected.

    Args:
        path: PNG or TIFF in the colours of `tratteggio.damage.LEGEND`; black and green are sound paint.
        scan: whose damage it shows.
        mask_orientation: "displayed" or "stored", as for `files.read_lacunae`.

    Raises:
        GridMismatch: the map has another size.
        BadUsage: the scan has an orientation tag, and the map fits in two ways.
        UnsupportedFile: a colour that belongs to no class; the message lists such colours.
        UnreadableFile: missing or damaged.
    """
    numbers = {colour: number for number, colour in enumerate(PALETTE)} | {LEGEND["paint"].colour: 0}
    indices = files.read_indexed(path, numbers)
    lying = files.orient_to_scan(
        indices, scan, name=str(path), orientation=files.stated_orientation(path), what="damage map",
        mask_orientation=mask_orientation,
    )  # fmt: skip
    return DamageMap(lying, keep_grid(scan).metadata, str(path))


def lacunae_by_policy(damage: DamageMap, policy: str | None = None, *, grow: str | None = None) -> Lacunae:
    """Return the lacunae that policies choose from a damage map.

    Args:
        damage: the map.
        policy: CLASS=fill or CLASS=keep, separated by commas; by default losses and scratches are
            filled, cracks, stains and overpaint kept.
        grow: widen the lacunae by this length, as "2px" or "120um".

    Raises:
        BadUsage: the policies leave nothing to fill, or a policy or length has another form.
        UnknownName: no such class or policy.
    """
    chosen = policies(policy)
    lacunae = damage.to_fill(chosen, grow=grow)
    if lacunae.lost_px:
        return lacunae
    kept = [area for area in damage.areas() if chosen[area.damage] == "keep"]
    if not kept:
        raise BadUsage(f"{damage.name} marks no damage, so there is nothing to fill")
    listed = ", ".join(f"{area.damage} ({area.share:.2%} of the area)" for area in kept)
    raise BadUsage(
        f"all damage in {damage.name} is kept: {listed}; to fill it, add `policy={kept[0].damage}=fill`"
    )


def class_colours() -> dict[str, str]:
    """Return the colour of each class in maps, as #rrggbb."""
    return {name: LEGEND[name].hex for name in CLASSES}


def _require_mask_suffix(path: Path) -> None:
    require_mask_suffix(path)
    files.require_scan_writable(path)
