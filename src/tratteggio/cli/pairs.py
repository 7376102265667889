"""Which mask belongs to which scan, and where the proposal goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.stacks import is_stack

SCANS = (".tif", ".tiff", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Item:
    """One painting to fill.

    Attributes:
        masks: what was found for it; exactly one is needed.
    """

    source: Path
    masks: tuple[Path, ...]
    target: Path

    @property
    def mask(self) -> Path:
        """The mask file.

        Raises:
            UnreadableFile: no mask, or several, match by file stem.
        """
        if len(self.masks) == 1:
            return self.masks[0]
        if not self.masks:
            raise UnreadableFile(
                f"{self.source}: the mask folder holds no file named {self.source.stem}.png (or .tif, .jpg)"
            )
        matching = ", ".join(mask.name for mask in self.masks)
        raise UnreadableFile(f"{self.source}: several masks match by file stem: {matching}; keep one")


def pair(source: Path, mask: Path, output: Path) -> list[Item]:
    """Match paintings, masks and outputs; each of the three is a file or a folder.

    A folder that is one painting, an OME-Zarr or scans with a `painting.toml`, counts as a file.

    In a folder, the output has the name of its scan; a JPEG's proposal is a PNG, because a JPEG cannot keep
    known paint bit by bit.

    Raises:
        BadUsage: a folder stands where a file must, or the reverse; a folder holds no scan.
    """
    if not source.exists():
        raise BadUsage(f"{source} does not exist")
    if not mask.exists():
        raise BadUsage(f"{mask} does not exist")
    if not source.is_dir() or is_stack(source):
        if mask.is_dir():
            raise BadUsage(f"{mask} is a folder but {source} is one painting; give --mask a file")
        if output.is_dir():
            raise BadUsage(f"{output} is a folder but {source} is one painting; give --output a file in it")
        return [Item(source, (mask,), output)]
    if output.exists() and not output.is_dir():
        raise BadUsage(f"{output} is a file but {source} is a folder; give --output a folder")
    scans = [file for file in sorted(source.iterdir()) if _is_scan(file)]
    if not scans:
        raise BadUsage(f"{source} holds no scans ({', '.join(SCANS)})")
    masks = [file for file in sorted(mask.iterdir()) if _is_scan(file)] if mask.is_dir() else []
    output.mkdir(parents=True, exist_ok=True)
    return [
        Item(
            scan,
            tuple(file for file in masks if file.stem == scan.stem) if mask.is_dir() else (mask,),
            output / (scan.stem + ".png" if scan.suffix.lower() in {".jpg", ".jpeg"} else scan.name),
        )
        for scan in scans
    ]


def _is_scan(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in SCANS and not file.name.startswith(".")
