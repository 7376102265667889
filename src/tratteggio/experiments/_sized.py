"""Wide and narrow lacunae in squares of several sizes: all measures of each system, goals, contact sheets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tratteggio.errors import UnwritableFile
from tratteggio.experiments._images import Levels, rng_of, square
from tratteggio.experiments._lacunae import narrow, wide
from tratteggio.experiments._report import Claim, Column, Row, Table, Verdict
from tratteggio.experiments._scores import Filler, Scores, mean
from tratteggio.files.beside import beside
from tratteggio.painting.pixels import Lost

LACUNAE = {"wide": wide, "narrow": narrow}
SIDES = {"shift_map": 256, "criminisi": 256, "fsr": 256}  # the largest squares of slow systems
BEFORE, AFTER = "pconv", "auto"  # on the contact sheets
PEERS = ("shift_map", "patchmatch", "gmic_patch", "gmic_matchpatch", "resynthesizer", "criminisi")
EXEMPLAR = ("patch_mrf", *PEERS)  # copy patches of the picture
ENOUGH = 8  # pictures, below which a table shows figures and proves nothing
GAP = 6  # pixels between the pictures of a sheet

COLUMNS = {
    "psnr": Column("PSNR, dB", 2, "higher"),
    "ssim": Column("SSIM", 3, "higher"),
    "patches_5": Column("patches of 5 px", 2, "lower"),
    "patches_9": Column("patches of 9 px", 2, "lower"),
    "texture": Column("texture kept", 2),
    "haarpsi": Column("HaarPSI", 3, "higher"),
    "seam": Column("seam", 2),
    "broad_colour": Column("broad colours", 2, "lower"),
    "seconds": Column("core s", 2, "lower"),
}
NOTE = (
    "Means over the pictures. Patches: distance to those of the lost paint, in levels. Texture and seam: as "
    "a share of the lost paint's own, so that 1 is best. Broad colours: CIEDE2000 after a blur of 8 px. PSNR "
    "and SSIM favour smooth fills, texture favours any grain, patches and HaarPSI paint that looks alike."
)


class Sized(NamedTuple):
    """Lacunae of one kind in squares of one size.

    Attributes:
        lacunae: "wide", four ragged lacunae of 45 to 160 pixels; "narrow", cracks of 3 to 8 and spots of 4 to
            11 pixels.
        side: of the square, in pixels.
        most: pictures at most; only those that are large enough.
    """

    lacunae: str
    side: int
    most: int

    @property
    def name(self) -> str:
        """In tables and keys."""
        return f"{self.lacunae}, {self.side} px"


def takes(system: str, side: int) -> bool:
    """Tell whether a system is fast enough to be measured on squares of a size."""
    return side <= SIDES.get(system, side)


def damaged_square(image: Levels, name: str, sized: Sized, *, seed: int) -> tuple[Levels, Lost]:
    """Cut a square and draw its lacunae; both depend on the picture's name, the size and the seed alone."""
    rng = rng_of(seed, name, sized.name)
    cut = square(image, sized.side, rng)
    return cut, LACUNAE[sized.lacunae](cut.shape[:2], rng)


def large_enough(names: Sequence[str], read: Callable[[str], Levels], sized: Sized) -> list[str]:
    """Return pictures that hold a square of the size, mixed: names of one source begin alike."""
    found: list[str] = []
    for name in sorted(names, key=lambda one: hashlib.sha256(one.encode()).digest()):
        if len(found) == sized.most:
            break
        if min(read(name).shape[:2]) >= sized.side:
            found.append(name)
    return found


def tabulate(scores: Scores, sized: Sized) -> Table:
    """Show all measures of all systems on lacunae of one kind and size."""
    rows, counts = [], set()
    for (system, kind), found in scores.items():
        if kind == sized.name:
            figures = {c.name: mean([getattr(one, key) for one in found]) for key, c in COLUMNS.items()}
            rows.append(Row(system, figures))
            counts.add(len(found))
    title = f"{sized.lacunae.capitalize()} lacunae in squares of {sized.side} px, {max(counts)} pictures"
    return Table(title, list(COLUMNS.values()), rows, NOTE)


def judge(scores: Scores, sized: Sized, *, conclusive: bool) -> Iterator[Claim]:
    """Judge what `auto` is meant to reach in wide lacunae, and beside the net in narrow ones."""

    def figure(system: str, measure: str) -> float | None:
        return mean([getattr(one, measure) for one in scores.get((system, sized.name), ())])

    def best(systems: Sequence[str], measure: str, choose: Callable[..., str]) -> str | None:
        there = [name for name in systems if figure(name, measure) is not None]
        return choose(there, key=lambda name: figure(name, measure)) if there else None

    pictures = len(scores.get(("auto", sized.name), ()))
    conclusive = conclusive and pictures >= ENOUGH

    def claim(text: str, ok: bool, why: str) -> Claim:
        verdict: Verdict = ("reproduced" if ok else "not reproduced") if conclusive else "not attempted"
        few = "" if conclusive else f" {pictures} pictures prove nothing."
        return Claim(f"{sized.name}: {text}", verdict, why + few)

    psnr, patches = figure("auto", "psnr"), figure("auto", "patches_5")
    texture, seam = figure("auto", "texture"), figure("auto", "seam")
    net_psnr, net_patches = figure("pconv", "psnr"), figure("pconv", "patches_5")
    if psnr is None or patches is None or texture is None or seam is None:
        return
    if net_psnr is None or net_patches is None:
        return
    if sized.lacunae == "narrow":
        text = "auto errs no more than the net alone"
        yield claim(text, psnr >= net_psnr - 0.005, f"auto {psnr:.2f} dB, pconv {net_psnr:.2f} dB.")
        return
    near, high = best(PEERS, "patches_5", min), best(EXEMPLAR, "psnr", max)
    nearest = None if near is None else figure(near, "patches_5")
    yield claim(
        "auto is at most half as far from the paint by patches as pconv, and no farther than any peer",
        patches <= net_patches / 2 and (nearest is None or patches <= nearest),
        f"auto {patches:.2f}, pconv {net_patches:.2f}, {near} {nearest or float('nan'):.2f} levels.",
    )
    highest = None if high is None else figure(high, "psnr")
    if highest is not None:
        text = "auto errs less than every engine and peer that copies patches"
        yield claim(text, psnr > highest, f"auto {psnr:.2f} dB, {high} {highest:.2f} dB.")
    yield claim("auto keeps 0.75 to 1.15 of the texture", 0.75 <= texture <= 1.15, f"It keeps {texture:.2f}.")
    yield claim("the seam is within 10 % of that of paint", abs(seam - 1) <= 0.1, f"It is {seam:.2f} times.")


def write_sheet(image: Levels, lost: Lost, fillers: Mapping[str, Filler], file: Path) -> None:
    """Write damaged picture, truth and fills side by side, as PNG; a file that is there stays."""
    if file.exists():
        return
    broken = np.where(lost[..., None], np.uint8(0), image)
    row = [np.where(lost[..., None], np.uint8(255), image), image]
    row += [image if (answer := fill(broken, lost)) is None else answer[0] for fill in fillers.values()]
    gap = np.full((image.shape[0], GAP, 3), 255, np.uint8)
    laid = np.concatenate([part for one in row for part in (one, gap)][:-1], axis=1)
    try:
        file.parent.mkdir(exist_ok=True)
        with beside([file]) as [part]:
            Image.fromarray(laid).save(part, "PNG")
    except OSError as error:
        raise UnwritableFile(f"{file} could not be written: {error.strerror or error}") from error
