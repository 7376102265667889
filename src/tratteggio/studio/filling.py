"""Fills in the studio: previews, proposals beside the painting, and what documents them."""

from __future__ import annotations

import glob
import itertools
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tratteggio import files, treatment
from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage, TratteggioError
from tratteggio.files import provenance
from tratteggio.finish import require_finish
from tratteggio.painting import Lacunae, Region, Restoration
from tratteggio.studio.desk import VIEW_PX, Desk
from tratteggio.studio.jobs import Job
from tratteggio.studio.layers import Fill, Placed, fill_of
from tratteggio.studio.pieces import Pieces, pieces_of
from tratteggio.studio.shrinking import step_of
from tratteggio.treatment.choosing import Choice
from tratteggio.treatment.progressing import SoFar

CONTEXT = 96  # px of known paint around a preview
# Lost pixels that an engine fills in about a second and a half on one processor; above, a preview is smaller.
SLOW_PX = 1_500
QUICK_PX = {"diffusion": 200_000, "telea": 200_000, "navier_stokes": 200_000, "tension": 50_000}
SUFFIXES = (".tif", ".png", ".jpg")


class Filling:
    """The fills of a painting.

    Args:
        desk: the painting.

    Attributes:
        shown: fills by name: "preview", "preview-1" (another hypothesis), "live", "proposal-1".
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.shown: dict[str, Fill] = {}
        self._live: tuple[SoFar, Restoration] | None = None
        self._listed: tuple[Any, Pieces] | None = None
        for number, file in self._saved():
            self._add_saved(number, file)

    def preview(
        self,
        view: Region,
        *,
        engine: str,
        finish: str,
        seed: int,
        samples: int,
        policies: dict[str, str],
        whole_size: bool = False,
    ) -> Job:
        """Begin to fill what is in view, in memory; what would take long at a smaller size.

        Args:
            view: the region.
            engine, finish, seed, samples: as for `treatment.inpaint`.
            policies: which classes are filled.
            whole_size: wait for it.

        Raises:
            BadUsage: the view is too large, nothing is marked in it, or a task is at work.
        """
        grid = self.desk.stack.grid
        region = view.grow(CONTEXT, within=grid)
        if region.empty or region.rows * region.cols > VIEW_PX:
            raise BadUsage("the view is too large for a preview; zoom in, or fill the whole")
        lost = self.desk.to_fill(policies).read(region)
        if not lost.any():
            raise BadUsage("nothing that is to be filled is marked in view")
        most = QUICK_PX.get(engine.partition(":")[0], SLOW_PX)
        step = 1 if whole_size else step_of(int(lost.sum()), most // (1 + samples))
        choices = [
            one | {"row": one["row"] - region.top, "col": one["col"] - region.left}
            for one in self.choices()
            if region.top <= one["row"] < region.bottom and region.left <= one["col"] < region.right
        ]

        def shown(fills: list[dict[str, Any]]) -> None:
            self._forget("preview")
            for number, one in enumerate(fills):
                name = "preview" if number == 0 else f"preview-{number}"
                placed = [Placed(one[part], region, grid) for part in ("pixels", "lost", "confidence")]
                self.shown[name] = Fill(placed[0], placed[1], placed[2], next(self.desk.numbers), step)

        return self.desk.jobs.start(
            "preview",
            {
                "source": str(self.desk.source), "white": self.desk.white, "region": tuple(region),
                "lost": lost, "engine": engine, "finish": finish, "seed": seed, "samples": samples,
                "choices": choices, "step": step,
            },
            then=shown,
        )  # fmt: skip

    def lacunae(self, policies: dict[str, str]) -> dict[str, Any]:
        """List the lacunae that are to be filled, largest first, with what was chosen for each."""
        filled = [name for name, one in CLASSES.items() if policies.get(name, one.policy) == "fill"]
        if not any(self.desk.marking.marks.counts[name] for name in filled):
            return {"count": 0, "listed": []}
        pieces = self._pieces(policies)
        chosen = {pieces.number_at(one["row"], one["col"]): one for one in self.choices()}
        listed = [one.as_dict() | {"choice": chosen.get(one.number)} for one in pieces.list("size")]
        return {"count": pieces.count, "listed": listed}

    def choices(self) -> list[dict[str, Any]]:
        """Return what was chosen for single lacunae."""
        return [] if self.desk.folder is None else self.desk.folder.choices()

    def choose(self, choice: Choice) -> None:
        """Choose what is done with one lacuna; a choice of nothing takes an earlier one back.

        Raises:
            BadUsage: nothing is marked there, or there is no such finish.
        """
        folder = self.desk.writable()
        pieces = self._pieces(dict.fromkeys(CLASSES, "fill"))
        number = pieces.number_at(choice.row, choice.col)
        if not number:
            raise BadUsage("nothing is marked at this place; choose a lacuna of the list")
        if choice.finish is not None:
            require_finish(choice.finish)
        others = [one for one in folder.choices() if pieces.number_at(one["row"], one["col"]) != number]
        new = [] if choice == Choice(row=choice.row, col=choice.col) else [asdict(choice)]
        folder.keep_choices(others + new)
        self.desk.log("choose", {name: value for name, value in asdict(choice).items() if value is not None})

    def _pieces(self, policies: dict[str, str]) -> Pieces:
        key = (self.desk.marking.version, tuple(sorted(policies.items())))
        if self._listed is None or self._listed[0] != key:
            self._listed = key, pieces_of(self.desk.to_fill(policies))
        return self._listed[1]

    def fill_whole(
        self,
        *,
        engine: str,
        finish: str,
        seed: int,
        sample: int,
        suffix: str,
        policies: dict[str, str],
        calibrate: bool = False,
        leave_above: float | None = None,
    ) -> Job:
        """Begin to fill all that is marked, into a new proposal beside the painting.

        Args:
            engine, finish, seed, calibrate, leave_above: as for `treatment.inpaint`.
            sample: the number of the hypothesis, 0 for the best.
            suffix: of the file.
            policies: which classes are filled.
        """
        folder = self.desk.writable()
        self.desk.jobs.require_idle()
        lacunae = self.desk.to_fill(policies)
        number = 1 + max([0, *(number for number, _ in self._saved()), *folder.numbers()])
        target = self.desk.source.with_name(f"{self.desk.stem}.proposal-{number}{suffix}")
        pieces = self._pieces(policies)
        settings = {
            "engine": engine, "finish": finish, "seed": seed, "sample": sample, "calibrate": calibrate,
            "leave_above": leave_above,
            # Those of lacunae that are gone are left out.
            "choices": [one for one in self.choices() if pieces.number_at(one["row"], one["col"])],
        }  # fmt: skip
        return self._fill(number, target, settings, lacunae=lacunae, resume=False)

    def resume(self, name: str) -> Job:
        """Go on with a fill that was stopped."""
        folder = self.desk.writable()
        for number, target in self.unfinished():
            if target.name == name:
                return self._fill(number, target, folder.settings(number), lacunae=None, resume=True)
        raise BadUsage("there is no such unfinished fill")

    def _fill(
        self, number: int, target: Path, settings: dict[str, Any], *, lacunae: Lacunae | None, resume: bool
    ) -> Job:
        """Begin a fill; without lacunae those of the mask that lies there already."""
        folder, scan = self.desk.writable(), self.desk.stack.primary
        mask = folder.file(f"mask-{number}.png")

        def prepared() -> dict[str, Any]:
            if lacunae is not None:
                files.write_lacunae(lacunae, mask, metadata=self.desk.damage_map().metadata)
            folder.keep_settings(number, settings)
            following = SoFar(target)
            marked = files.read_lacunae(mask, scan, mask_orientation="stored")
            self._live = (following, following.restoration(scan, marked))
            return {
                "source": str(self.desk.source), "mask": str(mask), "target": str(target),
                "white": self.desk.white, **settings, "resume": resume,
            }  # fmt: skip

        def saved(result: dict[str, Any]) -> None:
            self._live = None
            self._forget("live")
            self._add_saved(number, target)
            told = {name: value for name, value in settings.items() if name != "choices" and value}
            told |= {"choices": len(settings["choices"])} if settings["choices"] else {}
            self.desk.log("fill", {"file": target.name, **told, "verified": result["passed"]})
            result["target"] = target.name

        return self.desk.jobs.start("fill", prepared, then=saved)

    def document(self, name: str, what: str) -> Job:
        """Begin to write what documents a saved proposal: its report, its layers, or a proof anew.

        Args:
            name: of the fill.
            what: "report", "layers" or "verify".
        """
        self.desk.writable()
        target = next((file for number, file in self._saved() if f"proposal-{number}" == name), None)
        if target is None:
            raise BadUsage("there is no such saved proposal")

        def written(result: dict[str, Any]) -> None:
            for part in ("page", "copy", "target"):
                if part in result:
                    result[part] = Path(result[part]).name
            self.desk.log(what, {"file": target.name, **{k: v for k, v in result.items() if k != "verdict"}})

        if what == "report":
            return self.desk.jobs.start(
                "report",
                {
                    "target": str(target),
                    "page": str(_free(target, ".report", ".html")),
                    "log": self.desk.writable().entries(),
                },
                then=written,
            )
        if what == "layers":
            copy = str(_free(target, ".layers", ".ora"))
            return self.desk.jobs.start("export", {"target": str(target), "copy": copy}, then=written)
        return self.desk.jobs.start("verify", {"target": str(target)}, then=written)

    def follow(self) -> None:
        """Look at the fill that is being made; called whenever its task tells something."""
        live, job = self._live, self.desk.jobs.current
        if live is None or job is None or job.task != "fill":
            return
        following, restoration = live
        tiles = following.look()
        known = self.shown.get("live")
        if job.status == "running" and tiles and (known is None or known.version != tiles):
            self.shown["live"] = fill_of(restoration, tiles)
        if job.status in ("failed", "stopped"):
            self._live = None
            self._forget("live")

    def _forget(self, prefix: str) -> None:
        for name in [name for name in self.shown if name.startswith(prefix)]:
            del self.shown[name]

    def _saved(self) -> list[tuple[int, Path]]:
        """Return the proposals of the studio that lie beside the painting, by number."""
        saved = []
        for file in self.desk.source.parent.glob(f"{glob.escape(self.desk.stem)}.proposal-*"):
            number = file.stem.rpartition(".proposal-")[2]
            if (
                number.isdecimal()
                and file.suffix in SUFFIXES
                and provenance.sidecar(file, "history").exists()
            ):
                saved.append((int(number), file))
        return sorted(saved)

    def unfinished(self) -> list[tuple[int, Path]]:
        """Return the proposals whose fill was stopped."""
        running = self.desk.jobs.current is not None and self.desk.jobs.current.status == "running"
        if self.desk.folder is None or (running and self._live is not None):
            return []
        return [
            (number, target)
            for number, suffix in ((n, s) for n in self.desk.folder.numbers() for s in SUFFIXES)
            if (target := self.desk.source.with_name(f"{self.desk.stem}.proposal-{number}{suffix}"))
            .with_name(target.name + ".job")
            .is_dir()
        ]

    def _add_saved(self, number: int, file: Path) -> None:
        try:
            restoration = treatment.reopen(file, source=self.desk.source, white=self.desk.white)
        except TratteggioError as error:
            self.desk.notices.append(f"{file.name} is not shown: {error}")
            return
        self.shown[f"proposal-{number}"] = fill_of(restoration, next(self.desk.numbers))


def _free(target: Path, infix: str, suffix: str) -> Path:
    """Return a name beside a proposal that is not taken."""
    for number in itertools.count(1):
        path = target.with_name(f"{target.stem}{infix}{'' if number == 1 else f'-{number}'}{suffix}")
        if not path.exists():
            return path
    raise AssertionError
