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
        masks: what was found for it; exactly one is needed, or None: damage is to be detected.
    """

    source: Path
    masks: tuple[Path, ...] | None
    target: Path

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
                f"{self.source}: the mask folder holds no file named {self.source.stem}.png (or .tif, .jpg)"
            )
        matching = ", ".join(mask.name for mask in self.masks)
        raise UnreadableFile(f"{self.source}: several masks match by file stem: {matching}; keep one")


def pair(source: Path, mask: Path | None, output: Path) -> list[Item]:
    """Match paintings, masks and outputs; each of the three is a file or a folder, and masks may be missing.

    A folder that is one painting, an OME-Zarr or scans with a `painting.toml`, counts as a file.

    In a folder, the output has the name of its scan; a JPEG's proposal is a PNG, because a JPEG cannot keep
    known paint bit by bit.

    Raises:
        BadUsage: a folder stands where a file must, or the reverse; a folder holds no scan.
    """
    if not source.exists():
        raise BadUsage(f"{source} does not exist")
    if mask is not None and not mask.exists():
        raise BadUsage(f"{mask} does not exist")
    if not source.is_dir() or is_stack(source):
        if mask is not None and mask.is_dir():
            raise BadUsage(f"{mask} is a folder but {source} is one painting; give a file")
        if output.is_dir():
            raise BadUsage(f"{output} is a folder but {source} is one painting; give --output a file in it")
        return [Item(source, None if mask is None else (mask,), output)]
    if output.exists() and not output.is_dir():
        raise BadUsage(f"{output} is a file but {source} is a folder; give --output a folder")
    scans = [file for file in sorted(source.iterdir()) if _is_scan(file)]
    if not scans:
        raise BadUsage(f"{source} holds no scans ({', '.join(SCANS)})")
    output.mkdir(parents=True, exist_ok=True)
    return [
        Item(
            scan,
            _masks_of(scan, mask),
            output / (scan.stem + ".png" if scan.suffix.lower() in {".jpg", ".jpeg"} else scan.name),
        )
        for scan in scans
    ]


def _masks_of(scan: Path, mask: Path | None) -> tuple[Path, ...] | None:
    if mask is None or not mask.is_dir():
        return None if mask is None else (mask,)
    return tuple(file for file in sorted(mask.iterdir()) if _is_scan(file) and file.stem == scan.stem)


def _is_scan(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in SCANS and not file.name.startswith(".")
