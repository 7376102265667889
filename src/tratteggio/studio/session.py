"""One painting that is looked at, marked and filled: what the server does for the page."""

from __future__ import annotations

import glob
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files, treatment
from tratteggio.damage import CLASSES, PALETTE, DamageMap
from tratteggio.damage.finding import threshold_and_trace
from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.files import provenance
from tratteggio.painting import Lacunae, Pixels, Region, Restoration, Stack
from tratteggio.studio.folder import SessionFolder, why_not
from tratteggio.studio.jobs import Job, Jobs
from tratteggio.studio.layers import Fill, Placed, fill_of
from tratteggio.studio.marking import Marking
from tratteggio.studio.marks import shape_of_mask
from tratteggio.studio.pyramid import TILE
from tratteggio.studio.tiles import Screen, TileCache
from tratteggio.treatment.progressing import SoFar
from tratteggio.treatment.reopening import recorded_source

CONTEXT = 96  # px of known paint around a preview
PREVIEW_PX = 4 << 20
SUFFIXES = (".tif", ".png", ".jpg")
BAND = 1024


@dataclass
class Strength:
    """How sure a detector is of each pixel.

    Attributes:
        pixels: (H, W) uint8, 255 = 1.
        detector: its words.
        damage: the class that it finds.
        threshold: that it advises.
        version: another number for other pixels.
    """

    pixels: Pixels
    detector: str
    damage: str
    threshold: float
    version: int


class Session:
    """A painting in the studio.

    Args:
        source: what `treatment.open` takes, or a proposal that `inpaint` wrote.
        white: the sample that stands for white, as for `treatment.open`.
        read_only: nothing is written, not even beside the painting.

    Raises:
        TratteggioError: as `treatment.open` raises; or the marks beside the painting are of another one.
    """

    def __init__(self, source: Path, *, white: float | None = None, read_only: bool = False) -> None:
        source = source.resolve()
        self.notices: list[str] = []
        self.opened = source
        shown = _proposal(source)
        self.source = source if shown is None else (source.parent / str(recorded_source(shown))).resolve()
        self.white = white
        self.stack: Stack = treatment.open(self.source, white=white)
        self.screen = Screen({scan.modality: scan for scan in self.stack.scans}, self.stack.primary.modality)
        self.cache = TileCache()
        self.folder: SessionFolder | None = None
        if not read_only:
            try:
                self.folder = SessionFolder(self.source)
            except (UnsafeOutput, UnwritableFile) as error:
                self.notices.append(why_not(self.source, error))
        try:
            self.marking = Marking(self.stack.grid, None if self.folder is None else self.folder.journal)
        except BaseException:
            if self.folder is not None:
                self.folder.close(marked=True)
            raise
        self.jobs = Jobs(self._changed)
        self.version = 0
        self.strength: Strength | None = None
        self._watchers: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._fills: dict[str, Fill] = {}
        self._live: tuple[SoFar, Restoration] | None = None
        for number, file in self._saved():
            self._add_saved(number, file)

    # --- what there is ---------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Nothing can be changed."""
        return self.folder is None

    def facts(self) -> dict[str, Any]:
        """Return what does not change while the painting is open."""
        scan = self.stack.primary
        return {
            "name": self.source.name,
            "title": self.stack.title,
            "rows": self.stack.grid[0],
            "cols": self.stack.grid[1],
            "um_per_px": scan.um_per_px,
            "orientation": scan.metadata.orientation,
            "primary": scan.modality,
            "tile": TILE,
            "read_only": self.read_only,
            "notices": self.notices,
            "scans": [
                {
                    "modality": one.modality,
                    "name": provenance.short_name(one.name),
                    "depth": one.dtype.name,
                    "channels": one.channels,
                    "profile": files.profile_name(one.metadata.icc),
                    "white": one.white,
                }
                for one in self.stack.scans
            ],
            "classes": [
                {"name": name, "colour": list(kind.colour), "policy": kind.policy}
                for name, kind in CLASSES.items()
            ],
            "engines": treatment.list_available("engines"),
            "detectors": treatment.list_available("detectors"),
            "finishes": ["mimetic", "hatched", "neutral", "outlined"],
            "suffixes": list(SUFFIXES),
            "preview_px": PREVIEW_PX,
        }

    def state(self) -> dict[str, Any]:
        """Return what changes while one works."""
        marking, job, strength = self.marking, self.jobs.current, self.strength
        return {
            "version": self.version,
            "marks": {
                "version": marking.version,
                "undo": marking.can_undo,
                "redo": marking.can_redo,
                "counts": dict(marking.marks.counts),
            },
            "job": None if job is None else job.as_dict(),
            "fills": [{"id": name, "version": fill.version} for name, fill in self._fills.items()],
            "unfinished": [file.name for _, file in self._unfinished()],
            "strength": None
            if strength is None
            else {
                "detector": strength.detector,
                "damage": strength.damage,
                "threshold": strength.threshold,
                "version": strength.version,
            },
            "log": [] if self.folder is None else self.folder.entries()[-50:],
        }

    def values(self, row: int, col: int) -> dict[str, Any]:
        """Return what the scans hold at one pixel, at full depth."""
        here = Region(row, col, row + 1, col + 1)
        if here.meet(Region.whole(self.stack.grid)) != here:
            raise BadUsage("this place lies outside the painting")
        return {
            "row": row,
            "col": col,
            "samples": {scan.modality: _plain(scan.read(here).ravel()) for scan in self.stack.scans},
            "damage": self.marking.marks.class_at(row, col),
            "fills": {
                name: _plain(np.asarray(fill.pixels[here.slices]).ravel())
                for name, fill in self._fills.items()
                if np.asarray(fill.lost[here.slices]).any()
            },
            "confidence": {
                name: _plain(np.asarray(fill.confidence[here.slices]).ravel())[0]
                for name, fill in self._fills.items()
                if np.asarray(fill.lost[here.slices]).any()
            },
        }

    def fill(self, name: str) -> Fill | None:
        """Return a fill by its name."""
        return self._fills.get(name)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call a function at each change, until what is returned is called."""
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    def touch(self) -> None:
        """Note that something changed."""
        self._changed()

    # --- marks -----------------------------------------------------------------------------------------

    def damage_map(self) -> DamageMap:
        """Return the marks as a damage map."""
        return DamageMap(self.marking.marks.indices, self.stack.primary.metadata, "the marks of the studio")

    def import_marks(self, data: bytes, damage: str) -> None:
        """Take a mask (white = lost) or a damage map in the colours of the classes.

        Args:
            data: a PNG or TIFF.
            damage: the class of a mask.

        Raises:
            TratteggioError: it is another kind of file, or of another size.
        """
        kind = ".png" if data.startswith(b"\x89PNG") else ".tif"
        folder = self._writable()
        file = folder.file(f"imported{kind}")
        file.write_bytes(data)
        try:
            scan = self.stack.primary
            try:
                indices: Pixels = treatment.read_damage(file, scan, mask_orientation="stored").indices
            except UnreadableFile:
                lost = files.read_lacunae(file, scan, mask_orientation="stored")
                self._paint_all({damage: lost.lost}, {"tool": "import"})
                return
            self._paint_all(
                {name: _Is(indices, number) for number, name in enumerate(CLASSES, start=1)},
                {"tool": "import"},
            )
        finally:
            file.unlink(missing_ok=True)

    def export_marks(self) -> list[str]:
        """Write the marks beside the painting: a damage map in colours, and a mask of what is to be filled.

        Returns:
            the names of the files.
        """
        self._writable()
        stem = self._stem()
        for number in itertools.count(1):
            shown = self.source.with_name(f"{stem}.damage-{number}.png")
            mask = self.source.with_name(f"{stem}.mask-{number}.png")
            if not shown.exists() and not mask.exists():
                break
        damage = self.damage_map()
        files.write_indexed(damage.indices, shown, PALETTE, metadata=damage.metadata)
        files.write_lacunae(damage.of(*CLASSES), mask, metadata=damage.metadata)
        self._log("export marks", {"files": [shown.name, mask.name]})
        return [shown.name, mask.name]

    # --- fills -----------------------------------------------------------------------------------------

    def preview(
        self, view: Region, *, engine: str, finish: str, seed: int, samples: int, policies: dict[str, str]
    ) -> Job:
        """Begin to fill what is in view, in memory.

        Raises:
            BadUsage: the view is too large, nothing is marked in it, or a task is at work.
        """
        grid = self.stack.grid
        region = view.grow(CONTEXT, within=grid)
        if region.empty or region.rows * region.cols > PREVIEW_PX:
            raise BadUsage("the view is too large for a preview; zoom in, or fill the whole")
        lost = self._to_fill(policies).read(region)
        if not lost.any():
            raise BadUsage("nothing that is to be filled is marked in view")

        def shown(fills: list[dict[str, Any]]) -> None:
            self._forget("preview")
            for number, one in enumerate(fills):
                name = "preview" if number == 0 else f"preview-{number}"
                placed = [Placed(one[part], region, grid) for part in ("pixels", "lost", "confidence")]
                self._fills[name] = Fill(placed[0], placed[1], placed[2], next(self._numbers))

        return self.jobs.start(
            "preview",
            {
                "source": str(self.source), "white": self.white, "region": tuple(region), "lost": lost,
                "engine": engine, "finish": finish, "seed": seed, "samples": samples,
            },
            then=shown,
        )  # fmt: skip

    def fill_whole(
        self, *, engine: str, finish: str, seed: int, suffix: str, policies: dict[str, str]
    ) -> Job:
        """Begin to fill all that is marked, into a new proposal beside the painting."""
        folder = self._writable()
        lacunae = self._to_fill(policies)
        number = 1 + max([0, *(number for number, _ in self._saved()), *(n for n, _ in self._unfinished())])
        target = self.source.with_name(f"{self._stem()}.proposal-{number}{suffix}")
        mask = folder.file(f"mask-{number}.png")
        files.write_lacunae(lacunae, mask, metadata=self.damage_map().metadata)
        return self._fill(number, target, mask, engine=engine, finish=finish, seed=seed, resume=False)

    def resume(self, name: str) -> Job:
        """Go on with a fill that was stopped."""
        folder = self._writable()
        for number, target in self._unfinished():
            if target.name == name:
                settings = folder.settings(number)
                mask = folder.file(f"mask-{number}.png")
                return self._fill(number, target, mask, **settings, resume=True)
        raise BadUsage("there is no such unfinished fill")

    def _fill(
        self, number: int, target: Path, mask: Path, *, engine: str, finish: str, seed: int, resume: bool
    ) -> Job:
        folder = self._writable()
        folder.keep_settings(number, {"engine": engine, "finish": finish, "seed": seed})
        lacunae = files.read_lacunae(mask, self.stack.primary, mask_orientation="stored")
        following = SoFar(target)

        def saved(result: dict[str, Any]) -> None:
            self._live = None
            self._forget("live")
            self._add_saved(number, target)
            self._log("fill", {"file": target.name, "engine": engine, "finish": finish, "seed": seed,
                               "verified": result["passed"]})  # fmt: skip
            result["target"] = target.name

        job = self.jobs.start(
            "fill",
            {
                "source": str(self.source), "mask": str(mask), "target": str(target), "white": self.white,
                "engine": engine, "finish": finish, "seed": seed, "resume": resume,
            },
            then=saved,
        )  # fmt: skip
        self._live = (following, following.restoration(self.stack.primary, lacunae))
        return job

    def document(self, name: str, what: str) -> Job:
        """Begin to write what documents a saved proposal: its report, its layers, or a proof anew.

        Args:
            name: of the fill.
            what: "report", "layers" or "verify".
        """
        self._writable()
        target = next((file for number, file in self._saved() if f"proposal-{number}" == name), None)
        if target is None:
            raise BadUsage("there is no such saved proposal")

        def written(result: dict[str, Any]) -> None:
            for part in ("page", "copy", "target"):
                if part in result:
                    result[part] = Path(result[part]).name
            self._log(what, {"file": target.name, **{k: v for k, v in result.items() if k != "verdict"}})

        if what == "report":
            return self.jobs.start(
                "report",
                {"target": str(target), "page": str(_free(target, ".report", ".html"))},
                then=written,
            )
        if what == "layers":
            copy = str(_free(target, ".layers", ".ora"))
            return self.jobs.start("export", {"target": str(target), "copy": copy}, then=written)
        return self.jobs.start("verify", {"target": str(target)}, then=written)

    # --- detection -------------------------------------------------------------------------------------

    def detect(self, detector: str) -> Job:
        """Begin to look for damage in the whole painting."""
        folder = self._writable()
        version = next(self._numbers)
        file = folder.file(f"strength-{version}.tif")
        file.unlink(missing_ok=True)

        def looked(result: dict[str, Any]) -> None:
            self.strength = Strength(
                files.read(file).pixels, result["detector"], result["damage"], result["threshold"], version
            )
            result.pop("strength")

        return self.jobs.start(
            "detect",
            {"source": str(self.source), "white": self.white, "detector": detector, "strength": str(file)},
            then=looked,
        )

    def accept(self, threshold: float, view: Region | None) -> int:
        """Mark what a detector found, in the whole painting or in a region.

        Returns:
            how many pixels were marked.
        """
        strength = self.strength
        if strength is None:
            raise BadUsage("no detector has looked yet")
        made, _ = treatment.make_detector(strength.detector)
        lacunae = threshold_and_trace(
            strength.pixels, threshold=threshold, trace=made.trace, name=strength.detector
        )
        before = self.marking.marks.counts[strength.damage]
        self._paint_all(
            {strength.damage: lacunae.lost}, {"tool": "detector", "detector": strength.detector,
             "threshold": threshold}, within=view,
        )  # fmt: skip
        count = self.marking.marks.counts[strength.damage] - before
        self._log("detect", {"detector": strength.detector, "threshold": threshold, "marked_px": count})
        return count

    def note(self, text: str) -> None:
        """Add a sentence to the treatment log."""
        self._log("note", {"text": text})

    # --- the end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop what is at work and let go of the painting."""
        self.jobs.close()
        if self.folder is not None:
            for file in self.folder.path.glob("strength-*.tif"):
                file.unlink(missing_ok=True)
            self.folder.close(marked=self.marking.version > 0)

    # --- inside ----------------------------------------------------------------------------------------

    def _changed(self) -> None:
        with self._lock:
            self.version += 1
            live = self._live
        job = self.jobs.current
        if live is not None and job is not None and job.task == "fill":
            following, restoration = live
            tiles = following.look()
            if (
                job.status == "running"
                and tiles
                and ("live" not in self._fills or self._fills["live"].version != tiles)
            ):
                self._fills["live"] = fill_of(restoration, tiles)
            if job.status in ("failed", "stopped"):
                self._live = None
                self._forget("live")
        for changed in list(self._watchers):
            changed()

    def _writable(self) -> SessionFolder:
        if self.folder is None:
            raise BadUsage("this studio only shows the painting")
        return self.folder

    def _to_fill(self, policies: dict[str, str]) -> Lacunae:
        words = ",".join(f"{name}={policy}" for name, policy in policies.items())
        return treatment.lacunae_by_policy(self.damage_map(), words or None)

    def _paint_all(
        self, parts: dict[str, Pixels], told: dict[str, Any], *, within: Region | None = None
    ) -> None:
        region = (
            Region.whole(self.stack.grid) if within is None else within.meet(Region.whole(self.stack.grid))
        )

        def shape(mask: Pixels) -> Any:
            for top in range(
                region.top // BAND * BAND, region.bottom, BAND
            ):  # whole tiles, each of them once
                band = Region(top, region.left, top + BAND, region.right).meet(region)
                yield from shape_of_mask(np.asarray(mask[band.slices]), top=band.top, left=band.left)

        self.marking.replace({name: shape(mask) for name, mask in parts.items()}, told)

    def _forget(self, prefix: str) -> None:
        for name in [name for name in self._fills if name.startswith(prefix)]:
            del self._fills[name]

    def _stem(self) -> str:
        return self.source.name.split(".")[0] or self.source.name

    def _saved(self) -> list[tuple[int, Path]]:
        """Return the proposals of the studio that lie beside the painting, by number."""
        saved = []
        for file in self.source.parent.glob(f"{glob.escape(self._stem())}.proposal-*"):
            number = file.stem.rpartition(".proposal-")[2]
            if (
                number.isdecimal()
                and file.suffix in SUFFIXES
                and provenance.sidecar(file, "history").exists()
            ):
                saved.append((int(number), file))
        return sorted(saved)

    def _unfinished(self) -> list[tuple[int, Path]]:
        """Return the proposals whose fill was stopped."""
        running = self.jobs.current is not None and self.jobs.current.status == "running"
        if self.folder is None or (running and self._live is not None):
            return []
        return [
            (number, target)
            for number, suffix in ((n, s) for n in self.folder.numbers() for s in SUFFIXES)
            if (target := self.source.with_name(f"{self._stem()}.proposal-{number}{suffix}"))
            .with_name(target.name + ".job")
            .is_dir()
        ]

    def _add_saved(self, number: int, file: Path) -> None:
        try:
            restoration = treatment.reopen(file, source=self.source, white=self.white)
        except TratteggioError as error:
            self.notices.append(f"{file.name} is not shown: {error}")
            return
        self._fills[f"proposal-{number}"] = fill_of(restoration, next(self._numbers))

    def _log(self, what: str, details: dict[str, Any]) -> None:
        self._writable().log(what, details)


class _Is:
    """Where a damage map is of one class, as lazy pixels."""

    def __init__(self, indices: Pixels, number: int) -> None:
        self.indices, self.number = indices, number
        self.shape, self.dtype = tuple(indices.shape), np.dtype(bool)

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        return np.asarray(self.indices[key]) == self.number


def _proposal(source: Path) -> dict[str, Any] | None:
    """Return the history of a proposal, None for any other painting."""
    beside = provenance.sidecar(source, "history")
    if not source.is_file() or not beside.is_file():
        return None
    try:
        history = provenance.read_proposal(beside)
    except TratteggioError:
        return None
    return history if recorded_source(history) else None


def _plain(samples: Any) -> list[Any]:
    """Return samples as JSON can hold them; NaN and infinity as words."""
    return [
        value if not isinstance(value, float) or np.isfinite(value) else str(value)
        for value in samples.tolist()
    ]


def _free(target: Path, infix: str, suffix: str) -> Path:
    """Return a name beside a proposal that is not taken."""
    for number in itertools.count(1):
        path = target.with_name(f"{target.stem}{infix}{'' if number == 1 else f'-{number}'}{suffix}")
        if not path.exists():
            return path
    raise AssertionError
