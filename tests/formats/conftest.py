"""A proposal for a stack of two scans, and the folder in which it is published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tratteggio as tg
from tratteggio import files, treatment
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.treatment import PublishOptions

ADDRESS = "https://museum.example/iiif/panel"
ROWS, COLS = 700, 1300


def paint(rows: int = ROWS, cols: int = COLS) -> np.ndarray:
    """Paint soft shapes, which JPEG keeps."""
    y, x = np.mgrid[:rows, :cols]
    planes = [np.sin(x / 70) + np.cos(y / 50), np.sin((x + y) / 90), np.cos(x / 110)]
    return np.stack([(plane + 2) / 4 * 60000 for plane in planes], axis=-1).astype(np.uint16)


def damaged() -> np.ndarray:
    """Paint with a loss, which is black."""
    pixels = paint()
    pixels[100:160, 200:300] = 0
    return pixels


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proposal for a stack of two scans, with a damage map beside it."""
    folder = tmp_path_factory.mktemp("proposed")
    told = Metadata((100.0, 100.0), "cm")
    stack = Stack(
        (Scan(damaged(), metadata=told), Scan(damaged()[..., 0], "irr", metadata=told)),
        title="Saint & <book>",
    )
    files.write_stack(stack, folder / "panel.ome.zarr")
    damage = np.zeros((ROWS, COLS), np.uint8)
    damage[100:160, 200:300] = 1
    damage[400:404, 100:900] = 3
    lost = damage == 1
    tg.inpaint(folder / "panel.ome.zarr", lost, engine="diffusion").save(folder / "out.tif")
    files.write_indexed(damage, folder / "out.tif.damage.png", tg.damage.PALETTE)
    return folder / "out.tif"


@pytest.fixture(scope="module")
def published(proposed: Path) -> Path:
    options = PublishOptions(
        ADDRESS, "http://rightsstatements.org/vocab/NoC-NC/1.0/", "Museum of Examples", ("hatched",)
    )
    treatment.publish(proposed, proposed.with_name("panel.iiif"), options=options)
    return proposed.with_name("panel.iiif")
