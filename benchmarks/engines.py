"""Every registered engine on paintings with cracks, losses and a square cut out: quality and time.

    python benchmarks/engines.py --data FOLDER [--images 12] [--size 512] [--engines fsr,diffusion]
                                 [--weights FILE]

FOLDER holds images (JPEG, PNG or TIFF, searched in depth); a seeded choice of them is cut to squares at
their centres. Without --data the photographs of scikit-image are taken. Prints two Markdown tables:

1. per engine and kind of damage, the median over images: PSNR in the lacunae (dB, peak 255), SSIM of the
   neighbourhoods that hold lost pixels (7 x 7 windows), seconds of `fill`;
2. PSNR per engine for lacunae of one width each, which is what `auto` goes by (`MEASURED` in its file).

Engine pconv is among them if its weights ship or FILE holds some. Engines that refuse a scan without others
are left out: see `guided_fill.py`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import data
from skimage.metrics import structural_similarity

from tratteggio import registry
from tratteggio.engines import pconv
from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.roles import Engine

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}


def pictures(folder: Path | None, count: int, size: int, seed: int) -> list[np.ndarray]:
    """Return RGB squares (size, size, 3) uint8, or smaller where an image is."""
    if folder is None:
        found = [getattr(data, name)() for name in PHOTOGRAPHS][:count]
    else:
        files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
        chosen = np.random.default_rng(seed).permutation(len(files))[:count]
        found = [np.asarray(Image.open(files[k]).convert("RGB")) for k in chosen]
    return [centre(picture, size) for picture in found]


def centre(picture: np.ndarray, size: int) -> np.ndarray:
    """Cut a square out of the middle."""
    top, left = (max(0, (side - size) // 2) for side in picture.shape[:2])
    return picture[top : top + size, left : left + size]


def smooth_noise(grid: tuple[int, int], sigma: float, rng: np.random.Generator) -> np.ndarray:
    return ndimage.gaussian_filter(rng.standard_normal(grid), sigma, mode="wrap")


def cracks(grid: tuple[int, int], share: float, rng: np.random.Generator, *, width: int = 3) -> np.ndarray:
    """Lines of one width: the zero crossings of smooth noise, where a second noise lets them open."""
    lines = smooth_noise(grid, 14, rng) > 0
    edge = lines ^ ndimage.binary_erosion(lines)
    open_here = smooth_noise(grid, 24, rng)
    best = np.zeros(grid, dtype=bool)
    for level in np.linspace(2, -4, 60) * open_here.std():
        thick = ndimage.binary_dilation(edge & (open_here > level), np.ones((width, width)))
        if thick.mean() > share:
            break
        best = thick
    return best


def losses(grid: tuple[int, int], share: float, rng: np.random.Generator, *, sigma: float) -> np.ndarray:
    """Islands: where smooth noise is highest; their width grows with sigma and share."""
    noise = smooth_noise(grid, sigma, rng)
    return noise > np.quantile(noise, 1 - share)


def square(grid: tuple[int, int], share: float = 0.2) -> np.ndarray:
    lost = np.zeros(grid, dtype=bool)
    rows, cols = (round(side * share**0.5) for side in grid)
    lost[(grid[0] - rows) // 2 :, (grid[1] - cols) // 2 :][:rows, :cols] = True
    return lost


def discs(grid: tuple[int, int], width: int, rng: np.random.Generator) -> np.ndarray:
    """Discs of one width, well apart, over some 4 % of the area."""
    centres = np.zeros(grid, dtype=bool)
    step = max(12, int(width * 4.4))
    shift = rng.integers(0, step, 2)
    centres[shift[0] :: step, shift[1] :: step] = True
    return ndimage.distance_transform_edt(~centres) <= (width - 1) / 2


def lines(grid: tuple[int, int], width: int, rng: np.random.Generator) -> np.ndarray:
    return cracks(grid, 0.06, rng, width=width)


def damages(grid: tuple[int, int], seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    kinds = {"cracks 4 %": cracks(grid, 0.04, rng), "small losses 4 %": losses(grid, 0.04, rng, sigma=4)}
    for low, high in ((1, 10), (10, 20), (20, 30), (30, 40)):
        share = rng.uniform(low, high) / 100
        kinds[f"losses {low}-{high} %"] = losses(grid, share, rng, sigma=16)
    kinds["square 20 %"] = square(grid)
    return kinds


def fills_alone(engine: Engine) -> bool:
    """Tell whether an engine fills a scan that comes alone, or refuses."""
    window, lacunae = Stack((Scan(np.zeros((16, 16, 3), np.uint8)),)), Lacunae(np.eye(16, dtype=bool))
    try:
        engine.prepare(window, lacunae)
    except BadUsage:
        return False
    return True


def measure(engine: Engine, picture: np.ndarray, lost: np.ndarray) -> tuple[float, float, float]:
    """Return PSNR in the lacunae, SSIM around them, seconds."""
    broken = picture.copy()
    broken[lost] = 255
    window, lacunae = Stack((Scan(broken),)), Lacunae(lost)
    start = time.perf_counter()
    fill, _ = engine.fill(window, lacunae, engine.prepare(window, lacunae))
    seconds = time.perf_counter() - start
    broken[lost] = np.clip(np.rint(fill[lost]), 0, 255)
    error = broken[lost].astype(float) - picture[lost]
    psnr = 10 * np.log10(255**2 / max(np.mean(error**2), 1e-9))
    _, ssim = structural_similarity(picture, broken, channel_axis=-1, full=True, data_range=255)
    return psnr, float(ssim[ndimage.maximum_filter(lost, size=7)].mean()), seconds


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of images; default: scikit-image's photographs")
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--size", type=int, default=512, help="side of the squares, pixels")
    parser.add_argument("--engines", help="names with commas between; default: all that can be used")
    parser.add_argument(
        "--weights", type=Path, help="for pconv: a safetensors file instead of those that ship"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    usable = [
        name for name in registry.names("engines") if name != "pconv" or options.weights or pconv.ships()
    ]
    engines = {
        name: pconv.make(weights=options.weights)
        if name == "pconv"
        else registry.load("engines", name).make()
        for name in (options.engines.split(",") if options.engines else usable)
    }
    engines = {name: engine for name, engine in engines.items() if fills_alone(engine)}
    images = pictures(options.data, options.images, options.size, options.seed)
    print(f"{len(images)} images, {options.size} px, seed {options.seed}: PSNR / SSIM / seconds, medians\n")
    kinds = list(damages((64, 64), 0))
    rows = []
    for name, engine in engines.items():
        cells = []
        for kind in kinds:
            got = [
                measure(engine, p, damages(p.shape[:2], options.seed + k)[kind]) for k, p in enumerate(images)
            ]
            psnr, ssim, seconds = np.median(got, axis=0)
            cells.append(f"{psnr:.2f} / {ssim:.3f} / {seconds:.2f}")
        rows.append([name, *cells])
    print(table(["engine", *kinds], rows), "\n")

    shapes = {f"line {w}": (lines, w) for w in (1, 3, 5, 9)}
    shapes |= {f"disc {w}": (discs, w) for w in (5, 9, 17, 25, 41, 61)}
    print("PSNR by the width of the lacunae, pixels (mean)\n")
    rows = []
    for name, engine in engines.items():
        cells = []
        for draw, width in shapes.values():
            got = [
                measure(engine, p, draw(p.shape[:2], width, np.random.default_rng(options.seed + k)))[0]
                for k, p in enumerate(images)
            ]
            cells.append(f"{np.mean(got):.2f}")
        rows.append([name, *cells])
    print(table(["engine", *shapes], rows))


if __name__ == "__main__":
    main()
