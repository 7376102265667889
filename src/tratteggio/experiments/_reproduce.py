"""An experiment chosen, given its folder, run, and reported."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tratteggio import registry
from tratteggio.errors import Stopped, UnsafeOutput
from tratteggio.experiments._folder import claim_folder
from tratteggio.experiments._machine import versions
from tratteggio.experiments._report import Report, write
from tratteggio.machine import machine
from tratteggio.seeds import require_seed
from tratteggio.training.image_lists import list_images

Progress = Callable[[int, int], None]


def names() -> list[str]:
    """List the experiments, in alphabetical order."""
    return registry.names("experiments")


def about(name: str) -> str:
    """Return the title of an experiment.

    Raises:
        UnknownName: no experiment has that name; the message gives the nearest and all.
    """
    title: str = registry.load("experiments", name).TITLE
    return title


def reproduce(
    experiment: str,
    *,
    scale: str = "smoke",
    data: str | Path | None = None,
    out: str | Path,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Refill a published table and write what came of it: `report.md` and `report.json` in a folder.

    What is finished stays in the folder: the same call again goes on where one was stopped, and computes
    nothing twice.

    Args:
        experiment: one of `names()`.
        scale: how much is done, one of the experiment's: "smoke" shows in a minute that all parts work and
            proves nothing else, "cpu" is for a night on two cores or less, "gpu" as published.
        data: folder of pictures, or of paintings with several modalities, as the experiment takes them; None
            takes phantoms and photographs that come with a dependency.
        out: folder to write into: new, empty, or that of the same experiment at the same scale, with the same
            data and seed.
        seed: of everything random.
        overwrite: begin anew in a folder that holds an experiment, which is moved beside it.
        progress: called with (done, in all).

    Returns:
        what was written.

    Raises:
        UnknownName: no such experiment, or it has no such scale.
        BadUsage: no pictures in `data`, none of the kind that the experiment takes, or a seed below 0.
        UnsafeOutput: `out` holds something else, or another process is at work in it.
        UnwritableFile: no space, no permission.
        Stopped: interrupted; the same call goes on.
        TratteggioError: as training and engines raise.
    """
    module = registry.load("experiments", experiment)
    if scale not in module.SCALES:
        raise registry.unknown(f"scale of {experiment}", scale, module.SCALES)
    require_seed(seed)
    folder, out = (None if data is None else Path(data)), Path(out)
    found = [] if folder is None else getattr(module, "inputs", list_images)(folder)
    if overwrite and folder is not None and out.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise UnsafeOutput(f"{folder} lies in {out}, whose files would be moved; name another folder")
    job = {
        "experiment": experiment,
        "scale": scale,
        "seed": seed,
        "data": "none" if folder is None else f"{len(found)} pictures, names {_digest(found)}",
    }
    with claim_folder(out, job, overwrite=overwrite):
        try:
            report: Report = module.run(scale, data=folder, out=out, seed=seed, progress=progress)
        except (KeyboardInterrupt, Stopped):
            raise Stopped(
                f"stopped; finished parts are kept in {out}; run the same command again to continue"
            ) from None
        report = dataclasses.replace(report, header=_header(module, job, folder, len(found)))
        write(report, out)
    return report


def _header(module: Any, job: dict[str, Any], folder: Path | None, count: int) -> dict[str, Any]:
    options = f"--scale {job['scale']}{'' if folder is None else ' --data DIR'} --seed {job['seed']}"
    return {
        "experiment": job["experiment"],
        "title": module.TITLE,
        "command": f"tratteggio reproduce {job['experiment']} {options}",
        "scale": job["scale"],
        "choices": dataclasses.asdict(module.SCALES[job["scale"]]),
        "seed": job["seed"],
        "data": "none was given, so ones that need no download"
        if folder is None
        else f"{count} pictures of the folder {folder.name}",
        "machine": machine(),
        "versions": versions(*getattr(module, "LIBRARIES", ())),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
