"""Fill a painting into a file, with a ledger beside it from which a stopped job resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from tratteggio import files
from tratteggio.errors import (
    BadUsage,
    Cancelled,
    ClusterFailed,
    SourceChanged,
    Stopped,
    TratteggioError,
    UnwritableFile,
)
from tratteggio.files import provenance
from tratteggio.files.outputs import require_name, require_outputs
from tratteggio.files.saving import saved_files
from tratteggio.files.watch import Watch
from tratteggio.files.white import note_range
from tratteggio.finish import require_finish
from tratteggio.painting import Lacunae, Stack
from tratteggio.renamed import moved_arguments
from tratteggio.roles import Engine
from tratteggio.treatment.choosing import choose, choose_samples
from tratteggio.treatment.fill_options import FillOptions
from tratteggio.treatment.inpainting import describe, propose, require_fillable
from tratteggio.treatment.making import make_engine
from tratteggio.treatment.marking import read_mask
from tratteggio.treatment.memory import memory_plan
from tratteggio.treatment.opening import open, select_scans  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.planning import ledger_folder, require_savable
from tratteggio.windows import DiskLedger
from tratteggio.windows.cluster import Scheduler, cluster_at

Progress = Callable[[int, int], None]

# What the user can do about an error, before the job is resumed.
REMEDIES: dict[type[TratteggioError], str] = {
    UnwritableFile: "make room",
    SourceChanged: "put the input back",
    ClusterFailed: "see to the workers",
    BadUsage: "change that option",
}


@moved_arguments(FillOptions)
def inpaint_file(
    source: Path,
    mask: Path | Lacunae,
    target: Path,
    *,
    engine: str | Engine = "auto",
    options: FillOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Mapping[str, Any]:
    """Fill a painting into a file, keeping a ledger beside the output so that the work can be resumed.

    The ledger is the folder `TARGET.job`. It is removed when the target is complete. Names, headers and
    options are checked before the first pixel.

    Args:
        source: what `open` takes.
        mask: a mask file (white = lost), or lacunae.
        target: .tif .png .jpg .ora
        engine: as for `inpaint`.
        options: None takes all defaults.
        resume: continue an unfinished job of the same inputs and options. If the target is complete, nothing
            is done.
        overwrite: replace existing outputs, and an unfinished job unless `resume`.
        progress: called with (lost pixels done, lost pixels in all).
        scheduler: as for `inpaint`. A job may go on with another scheduler, or without one.

    Returns:
        the history, as it is written beside the target.

    Raises:
        Stopped: interrupted, or `progress` raised `Cancelled`; the ledger holds what was done.
        UnsafeOutput: an output is the source or the mask, or exists already; or there is an unfinished job,
            or another process works on it.
        SourceChanged: an input was replaced while it was being read; nothing is saved.
        TratteggioError: as `inpaint` and `files.save` raise.
    """
    target, chosen = Path(target), options or FillOptions()
    ready = _prepare(Path(source), mask, target, engine=engine, options=chosen, replaces=overwrite or resume)
    folder = ledger_folder(target)
    if resume and (done := _read_complete(ready.outputs, ready.job, chosen)):
        _remove_ledger(folder, ready.job)
        return done
    if not folder.exists():
        require_outputs(ready.outputs, overwrite=overwrite)
    with cluster_at(scheduler) as executor:
        ledger = DiskLedger(
            folder, ready.job, resume=resume, anew=overwrite and not resume, check=ready.watch.check
        )

        def last_look(written: Sequence[Path]) -> None:
            ready.watch.check()
            _claim(ledger, ready.outputs, overwrite=overwrite)
            ledger.own(written, [path.name for path in ready.outputs])

        try:
            _claim(ledger, ready.outputs, overwrite=overwrite)
            restoration = propose(
                ready.stack, ready.lacunae, ready.engine, ledger, job=ready.job, options=chosen,
                tile=ready.tile, progress=progress, executor=executor,
            )  # fmt: skip
            files.save(restoration, target, before=last_look)
        except (KeyboardInterrupt, Cancelled):
            raise Stopped(
                f"stopped before {target} was complete; run the same command with `resume=True` to continue"
            ) from None
        except BaseException as error:
            if not (ledger.started or ledger.resumed):
                ledger.discard()
            for kind, remedy in REMEDIES.items():
                if isinstance(error, kind) and ledger.started:
                    raise kind(
                        f"{error}; what is filled is kept: {remedy}, then add `resume=True`",
                        option=error.option,
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


def _prepare(
    source: Path,
    mask: Path | Lacunae,
    target: Path,
    *,
    engine: str | Engine,
    options: FillOptions,
    replaces: bool,
) -> _Ready:
    """Check inputs, outputs and options before the first pixel, and describe the job."""
    outputs, file = saved_files(target), None if isinstance(mask, Lacunae) else Path(mask)
    read = [source] if file is None else [source, file]
    require_outputs(outputs, inputs=read, overwrite=replaces)
    require_name(ledger_folder(target))
    watch = Watch(read)
    stack = open(source, white=options.white)
    require_outputs(outputs, inputs=[scan.name for scan in stack.scans], overwrite=replaces)
    lacunae = read_mask(mask, stack.primary, options)
    require_savable(stack.primary, target, lost_px=lacunae.lost_px)
    maker = (
        make_engine(engine, seed=options.seed, device=options.device) if isinstance(engine, str) else engine
    )
    if options.choices:
        maker = choose_samples(maker, choose(lacunae, options.choices))
    stack = select_scans(maker, stack)
    watch.add(path.parent if path.parent.is_file() else path for path in _paths(stack))
    note_range(*stack.scans)
    side, _ = memory_plan(stack, tile=options.tile, memory=options.memory)
    require_fillable(stack.primary, lacunae, mostly_lost=options.mostly_lost)
    job = describe(stack, lacunae, maker, seed=options.seed) | {"tile": side}
    _check_hashes(watch, stack, file, job)
    return _Ready(stack, lacunae, maker, side, job, outputs, watch)


def _paths(stack: Stack) -> list[Path]:
    """Return the paths of the scans of a stack."""
    return [path for scan in stack.scans if (path := provenance.place_named(scan.name)) is not None]


def _check_hashes(watch: Watch, stack: Stack, mask: Path | None, job: Mapping[str, Any]) -> None:
    """Give the hashes of the job to the watch, and check that the files are still the same."""
    hashes = {job["source"]["modality"]: job["source"]["sha256"]}
    hashes |= {modality: one["sha256"] for modality, one in job["also_read"].items()}
    for scan in stack.scans:
        file = provenance.file_named(scan.name)
        if file is not None:
            watch.know(file, hashes.get(scan.modality))
    if mask is not None:
        watch.know(mask, job["lacunae"]["sha256"])
    watch.check()


def _claim(ledger: DiskLedger, outputs: Sequence[Path], *, overwrite: bool) -> None:
    """Let the job replace existing outputs if the user allows it; refuse all others."""
    there = [path for path in outputs if os.path.lexists(path) and not ledger.owns(path)]
    if there and not overwrite:
        require_outputs(there)
    if there:
        ledger.own(there, [path.name for path in there])


def _remove_ledger(folder: Path, job: Mapping[str, Any]) -> None:
    """Remove the ledger of a job that is complete: a kill came between its last file and this."""
    if folder.exists():
        DiskLedger(folder, job, resume=True).discard()


def _read_complete(
    outputs: Sequence[Path], job: Mapping[str, Any], options: FillOptions
) -> Mapping[str, Any] | None:
    """Return the history of the proposal if it is complete and of the same job and options."""
    if not all(path.exists() for path in outputs):
        return None
    history = provenance.read_proposal(provenance.sidecar(outputs[0], "history"))
    source = {key: value for key, value in history["source"].items() if key not in ("file", "file_quoted")}
    wanted = json.loads(provenance.history_json(job))  # as it would be read back
    same = all((history | {"source": source}).get(key) == value for key, value in wanted.items())
    shown = history["finish"]
    same = same and (shown["name"], shown.get("options", {})) == require_finish(options.finish)
    left_open = history.get("left_open", {}).get("above")
    same = same and (options.calibrate, options.leave_above) == ("calibration" in history, left_open)
    same = same and history.get("choices", []) == [asdict(choice) for choice in options.choices]
    return history if same else None
