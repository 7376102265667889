"""Match scans, masks and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile
from tratteggio.files.kinds import image_suffixes, keeps_pixels, mask_suffixes
from tratteggio.files.stacks import is_stack
from tratteggio.names import same_name
from tratteggio.treatment.planning import Proposal, require_proposals


@dataclass(frozen=True)
class Item:
    """One painting to fill.

    Attributes:
        masks: what was found for it; exactly one is needed, or None: damage is to be detected.
        in_folder: whether it is one of a folder of paintings, whose outputs go into a folder.
    """

    source: Path
    masks: tuple[Path, ...] | None
    target: Path
    in_folder: bool = False

    @property
    def mask(self) -> Path | None:
        """The mask file or damage map; None if there is none to go by.

        Raises:
            UnreadableFile: no mask, or several, match by file stem.
        """
        if self.masks is None:
            return None
        if len(self.masks) == 1:
            return self.masks[0]
        if not self.masks:
            raise UnreadableFile(
                f"{self.source}: the mask folder has no file named {self.source.stem}.png (or .tif, .jpg)"
            )
        matching = ", ".join(mask.name for mask in self.masks)
        raise UnreadableFile(f"{self.source}: several masks have this name: {matching}; keep one of them")

    @property
    def plan(self) -> Proposal | None:
        """What will be written and read; None if it cannot be filled: no mask was found, or several."""
        if self.masks is None:
            return Proposal(self.source, None, self.target)
        return Proposal(self.source, self.masks[0], self.target) if len(self.masks) == 1 else None


def require_plan(
    items: Sequence[Item], *, samples: int, weights: str | None, overwrite: bool, resume: bool
) -> None:
    """Check all outputs of a run against all inputs, before the first pixel; folders of outputs are made.

    Raises:
        TratteggioError: as `tratteggio.treatment.planning.require_proposals`. A new folder is gone again.
    """
    folder = items[0].target.parent
    new = items[0].in_folder and not folder.exists()
    read = [path for item in items for path in (item.source, *(item.masks or ()))]
    if new:
        folder.mkdir(parents=True)
    try:
        require_proposals(
            [item.plan for item in items if item.plan], samples=samples,
            inputs=[*read, *([weights] if weights else [])], overwrite=overwrite, resume=resume,
        )  # fmt: skip
    except TratteggioError:
        if new:
            folder.rmdir()
        raise


def pair(source: Path, mask: Path | None, output: Path) -> list[Item]:
    """Match paintings, masks and outputs; each of the three is a file or a folder, and masks may be missing.

    A folder that is one painting, an OME-Zarr or scans with a `painting.toml`, counts as a file.

    In a folder, the output has the name of its scan; a JPEG's proposal is a PNG, because a JPEG cannot keep
    known paint bit by bit.

    Raises:
        BadUsage: a folder stands where a file must, or the reverse; a folder holds no scan.
        UnreadableFile: the paintings or the masks are missing.
    """
    if not source.exists():
        raise UnreadableFile(f"{source}: no such file; check the path")
    if mask is not None and not mask.exists():
        raise UnreadableFile(f"{mask}: no such file; check the path")
    if not source.is_dir() or is_stack(source):
        if mask is not None and mask.is_dir():
            raise BadUsage(f"{mask} is a folder but {source} is one painting; give a file")
        if output.is_dir():
            raise BadUsage(f"{output} is a folder but {source} is one painting; give --output a file in it")
        return [Item(source, None if mask is None else (mask,), output)]
    if output.exists() and not output.is_dir():
        raise BadUsage(f"{output} is a file but {source} is a folder; give --output a folder")
    scans = [file for file in sorted(source.iterdir()) if _is_image(file, image_suffixes())]
    if not scans:
        raise BadUsage(f"{source} contains no scans ({', '.join(image_suffixes())})")
    return [
        Item(
            scan,
            _masks_of(scan, mask),
            output / (scan.name if keeps_pixels(scan) else scan.stem + ".png"),
            in_folder=True,
        )
        for scan in scans
    ]


def _masks_of(scan: Path, mask: Path | None) -> tuple[Path, ...] | None:
    if mask is None or not mask.is_dir():
        return None if mask is None else (mask,)
    # The same letters may be stored in two ways: a Mac takes accents apart (NFD), others do not (NFC).
    return tuple(
        file
        for file in sorted(mask.iterdir())
        if _is_image(file, mask_suffixes()) and same_name(file.stem, scan.stem)
    )


def _is_image(file: Path, suffixes: Sequence[str]) -> bool:
    return file.suffix.lower() in suffixes and file.is_file() and not file.name.startswith(".")
