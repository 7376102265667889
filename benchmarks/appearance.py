"""Fills as the eye sees them: wide and narrow lacunae on paintings that no net has learnt from, all measures.

    python benchmarks/appearance.py --data FOLDER [--images 12] [--size 448] [--systems pconv,auto,patchmatch]
                                    [--kinds wide,narrow] [--list NAMES.txt] [--sheets FOLDER]
                                    [--fills FOLDER] [--seed 0]

FOLDER holds pictures, searched in depth. Of those whose names no shipped net has learnt from, a seeded choice
is cut to squares at their centres; --list takes the names in a text file instead. Every system fills the same
lacunae. Systems are engines, with options of their own if need be (`auto:favour=fidelity`), and peers of
`tratteggio.experiments._peers`; those that cannot be used here are named and left out.

    wide      four ragged lacunae of 45 to 160 pixels
    narrow    cracks of 3 to 8 pixels and spots of 4 to 11 pixels, over some 4 % of the area
    disc-9 .. disc-61, line-5 .. line-27    of one width each: the evidence that engine `auto` goes by

Prints a Markdown table for each kind, means over the pictures:

    PSNR      dB in the lacunae, peak 255         SSIM      of windows of 7 x 7 that hold a lost pixel
    patches   sliced Wasserstein distance to the lost paint, patches of 5 and of 9 px, levels
    texture   energy of gradients in the fill, as a share of that of the lost paint
    HaarPSI   edges in their place                seam      change across the rim, as a share of the truth
    afar      CIEDE2000 of colours blurred by 8 px          core s    core seconds for one picture

--sheets writes a PNG for each picture and kind: damaged, truth, then the systems. --fills writes each of
these by itself, for a blind comparison.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from tratteggio import inpaint, models, registry
from tratteggio.errors import TratteggioError
from tratteggio.evaluation.appearance import appearance
from tratteggio.experiments import _peers
from tratteggio.experiments._lacunae import narrow, wide
from tratteggio.metrics import psnr, ssim_map
from tratteggio.painting import Lacunae, Scan
from tratteggio.treatment.making import make_engine

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}
SSIM_PX = 7
COLUMNS = (
    "PSNR", "SSIM", "patches 5", "patches 9", "texture", "HaarPSI", "seam", "afar", "core s",
)  # fmt: skip
DIGITS = (2, 3, 2, 2, 2, 3, 2, 2, 2)

Filler = Callable[[np.ndarray, np.ndarray], np.ndarray | None]


# --- lacunae -----------------------------------------------------------------------------------------


def discs(width: int, grid: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw discs of one width, well apart, over some 4 % of the area."""
    centres, step = np.zeros(grid, bool), max(12, int(width * 4.4))
    shift = rng.integers(step // 4, step // 2 + 1, 2)
    centres[shift[0] :: step, shift[1] :: step] = True
    return ndimage.distance_transform_edt(~centres) <= (width - 1) / 2


def lines(width: int, grid: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw lines of one width: where smooth noise crosses zero and another is high."""
    noise, open_ = (ndimage.gaussian_filter(rng.standard_normal(grid), s, mode="wrap") for s in (22, 30))
    edge = (noise > 0) ^ ndimage.binary_erosion(noise > 0)
    return ndimage.distance_transform_edt(~(edge & (open_ > 0))) <= (width - 1) / 2


WIDTHS = {"disc": (discs, (9, 13, 17, 25, 41, 61)), "line": (lines, (5, 9, 13, 19, 27))}
KINDS = {"wide": wide, "narrow": narrow} | {
    f"{shape}-{width}": partial(draw, width) for shape, (draw, widths) in WIDTHS.items() for width in widths
}


# --- pictures and systems ----------------------------------------------------------------------------


def learnt() -> set[str]:
    """Name the pictures that shipped nets have learnt from."""
    return {Path(name).name for net in models.shipped() for name in models.read_card(models.find(net)).data}


def pictures(folder: Path, count: int, size: int, seed: int, names: Path | None) -> dict[str, np.ndarray]:
    """Cut squares (size, size, 3) uint8 from the middle of pictures, by name."""
    files = {f.name: f for f in sorted(folder.rglob("*")) if f.suffix.lower() in SUFFIXES}
    if names is None:
        fresh = sorted(set(files) - learnt())
        chosen = [fresh[k] for k in np.random.default_rng(seed).permutation(len(fresh))[:count]]
    else:
        chosen = names.read_text().split("\n")[:count]
    found = {}
    for name in filter(None, chosen):
        picture = np.asarray(Image.open(files[name]).convert("RGB"))
        top, left = (max(0, (side - size) // 2) for side in picture.shape[:2])
        found[name] = np.ascontiguousarray(picture[top : top + size, left : left + size])
    return found


def filler(name: str, seed: int) -> Filler:
    """Make what fills (picture with the lacunae black, lost) -> picture; raises where it is not here."""
    if name in _peers.PEERS:
        if why := _peers.missing(name):
            raise TratteggioError(why)
        return lambda picture, lost: answer[0] if (answer := _peers.ask(name, picture, lost)) else None
    engine = make_engine(name, seed=seed, device="cpu")
    return lambda picture, lost: inpaint(picture, lost, engine=engine, seed=seed)


def damaged(picture: np.ndarray, name: str, kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with lacunae black, and these; they depend on name, kind and seed alone."""
    rng = np.random.default_rng([seed, *(kind + name).encode()])
    lost = KINDS[kind](picture.shape[:2], rng)
    return np.where(lost[..., None], np.uint8(0), picture), lost


def measure(truth: np.ndarray, filled: np.ndarray, lost: np.ndarray) -> list[float]:
    """Return one figure for each of `COLUMNS` but the last."""
    seen = appearance(Scan(truth), Scan(filled), Lacunae(lost))
    similar = ssim_map(truth, filled, data_range=255, window="uniform", size=SSIM_PX, sample=True)
    return [
        psnr(truth, filled, data_range=255, where=lost),
        float(similar[ndimage.maximum_filter(lost, size=SSIM_PX)].mean()),
        seen.patches_5,
        seen.patches_9,
        seen.texture / seen.texture_reference,
        seen.haarpsi,
        seen.seam / seen.seam_reference,
        seen.broad_colour,
    ]


# --- tables and sheets -------------------------------------------------------------------------------


def table(rows: dict[str, np.ndarray]) -> str:
    lines = ["| system | " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * len(COLUMNS)]
    for name, figures in rows.items():
        cells = [f"{value:.{digits}f}" for value, digits in zip(figures, DIGITS, strict=True)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def fills(
    systems: dict[str, Filler], broken: np.ndarray, lost: np.ndarray
) -> Iterator[tuple[str, np.ndarray, float]]:
    for name, fill in systems.items():
        start, children = time.process_time(), _children()
        filled = fill(broken, lost)
        seconds = time.process_time() - start + _children() - children
        if filled is None:
            print(f"{name} failed on one picture")
        else:
            yield name, filled, seconds


def keep(picture: np.ndarray, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(file)


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--size", type=int, default=448, help="side of the squares, pixels")
    parser.add_argument("--systems", default=f"pconv,auto,patch_mrf,tension,{','.join(_peers.PEERS)}")
    parser.add_argument("--kinds", default="wide,narrow")
    parser.add_argument("--list", type=Path, help="text file with the names of the pictures, one a line")
    parser.add_argument("--sheets", type=Path, help="folder for PNGs")
    parser.add_argument("--fills", type=Path, help="folder for the fills, as benchmarks/blind.py takes them")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    systems = {}
    for name in options.systems.split(","):
        try:
            if name not in _peers.PEERS and name.split(":")[0] not in registry.names("engines"):
                parser.error(f"neither an engine nor a peer: {name}")
            systems[name] = filler(name, options.seed)
        except TratteggioError as error:
            print(f"{name} is absent: {error}")
    shown = pictures(options.data, options.images, options.size, options.seed, options.list)
    print(f"{len(shown)} pictures, {options.size} px, seed {options.seed}")
    for kind in options.kinds.split(","):
        found: dict[str, list[list[float]]] = {name: [] for name in systems}
        for number, (name, truth) in enumerate(shown.items()):
            broken, lost = damaged(truth, name, kind, options.seed)
            row = [np.where(lost[..., None], np.uint8(255), truth), truth]
            written: list[str] = []
            for system, filled, seconds in fills(systems, broken, lost):
                found[system].append([*measure(truth, filled, lost), seconds])
                row.append(filled)
                written.append(system.replace(":", "-"))
            if options.fills:
                for system, picture in zip(("damaged", "truth", *written), row, strict=True):
                    keep(picture, options.fills / kind / system / f"{number:02}.png")
            if options.sheets:
                keep(np.concatenate(row, axis=1), options.sheets / f"{kind}-{number:02}.png")
        print(f"\n{kind}\n")
        print(table({name: np.nanmean(figures, axis=0) for name, figures in found.items() if figures}))


if __name__ == "__main__":
    main()
