"""Marks from files and to files: masks, and damage maps in the colours of the classes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tratteggio import files, treatment
from tratteggio.damage import CLASSES, PALETTE
from tratteggio.errors import UnreadableFile
from tratteggio.painting import Pixels
from tratteggio.studio.desk import Desk


def import_marks(desk: Desk, data: bytes, damage: str) -> None:
    """Take a mask (white = lost) or a damage map in the colours of the classes.

    Args:
        data: a PNG or TIFF.
        damage: the class of a mask.

    Raises:
        TratteggioError: it is another kind of file, or of another size.
    """
    kind = ".png" if data.startswith(b"\x89PNG") else ".tif"
    folder = desk.writable()
    file = folder.file(f"imported{kind}")
    file.write_bytes(data)
    try:
        scan = desk.stack.primary
        try:
            indices: Pixels = treatment.read_damage(file, scan, mask_orientation="stored").indices
        except UnreadableFile:
            lost = files.read_lacunae(file, scan, mask_orientation="stored")
            desk.paint({damage: lost.lost}, {"tool": "import"})
            return
        desk.paint(
            {name: _Is(indices, number) for number, name in enumerate(CLASSES, start=1)},
            {"tool": "import"},
        )
    finally:
        file.unlink(missing_ok=True)


def export_marks(desk: Desk) -> list[str]:
    """Write the marks beside the painting: a damage map in colours, and a mask of what is to be filled.

    Returns:
        the names of the files.
    """
    desk.writable()
    stem = desk.stem
    for number in itertools.count(1):
        shown = desk.source.with_name(f"{stem}.damage-{number}.png")
        mask = desk.source.with_name(f"{stem}.mask-{number}.png")
        if not shown.exists() and not mask.exists():
            break
    damage = desk.damage_map()
    files.write_indexed(damage.indices, shown, PALETTE, metadata=damage.metadata)
    files.write_lacunae(damage.of(*CLASSES), mask, metadata=damage.metadata)
    desk.log("export marks", {"files": [shown.name, mask.name]})
    return [shown.name, mask.name]


class _Is:
    """Where a damage map is of one class, as lazy pixels."""

    def __init__(self, indices: Pixels, number: int) -> None:
        self.indices, self.number = indices, number
        self.shape, self.dtype = tuple(indices.shape), np.dtype(bool)

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        return np.asarray(self.indices[key]) == self.number
