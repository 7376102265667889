"""Engine patch_mrf beside other people's fills from patches; and what a large painting takes.

    python benchmarks/patch_mrf.py [--data FOLDER] [--images 4] [--sides 512 1024]
    python benchmarks/patch_mrf.py --scaling 2500 10000
    python benchmarks/patch_mrf.py --sheet SHEET.png [--picture PAINTING --mask MASK]

1. Squares of paintings, a fresh one for each side, with ragged losses over 8 % of the area: mean PSNR in the
   lacunae (dB, peak 255), SSIM of the neighbourhoods that hold lost pixels (7 x 7 windows), gradient energy
   of the fill as a share of that in the 16 pixels around (1: as textured as its surroundings), core seconds;
   above the table, the share that the lost paint itself has.
   Goals: PSNR and SSIM above every peer, a ratio near 1, fewer seconds than each at 1024. Peers that are not
   installed are named; how to install them stands in `tratteggio/experiments/_peers.py`. FOLDER holds
   images; the first of those that no net of ours has learnt from, and that are large enough, are taken.
   Without --data phantoms are painted.
2. With --scaling, phantom panels of these sides, 16 bit, 3 % lost, filled by `tratteggio inpaint` in a
   process of its own: seconds for each lost megapixel (goal: at most 1.2 times those of the first side),
   resident MiB at the peak, libraries and all (goal: 1536), on however many cores there are.
3. With --sheet, one damaged painting and everybody's fill of it side by side, to be looked at: PAINTING with
   its MASK (white = lost), or a phantom.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from gigapixel import make_panel, measured
from scipy import ndimage
from skimage.metrics import structural_similarity

import tratteggio as tg
from engines import losses, table
from tratteggio import files, phantom
from tratteggio.engines import patch_mrf
from tratteggio.experiments import _peers
from tratteggio.experiments._images import VALIDATION_SHARE, readable, rng_of, square
from tratteggio.metrics import psnr, texture_kept
from tratteggio.painting.pixels import to_depth, white
from tratteggio.training.image_lists import list_images, split

LOST, SIGMA = 0.08, 14
OURS = {"patch_mrf": "cut", "patch_mrf in the mean": "mean"}  # how patches are laid


def squares(data: Path | None, count: int, side: int) -> list[np.ndarray]:
    """Return RGB squares (side, side, 3) uint8."""
    if data is None:
        motifs = ("saint", "landscape", "still life")
        panels = [
            phantom.panel(side, side, seed=k, cracks=0, losses=0, motif=motifs[k % len(motifs)])
            for k in range(count)
        ]
        return [panel.painted.colour() for panel in panels]
    folder = readable(data, split(list_images(data), share=VALIDATION_SHARE)[1])
    large = [k for k in range(len(folder)) if min(folder.grid(k)) >= side][:count]
    if not large:
        raise SystemExit(f"no image set aside in {data} has {side} pixels a side; take smaller --sides")
    return [square(folder.read(k), side, rng_of(side, folder.name(k))) for k in large]


def ours(picture: np.ndarray, lost: np.ndarray, paste: str) -> tuple[np.ndarray, float]:
    start = time.process_time()
    filled = tg.inpaint(picture, lost, engine=patch_mrf.make(paste=paste))
    return filled, time.process_time() - start


def scores(picture: np.ndarray, filled: np.ndarray, lost: np.ndarray) -> tuple[float, float, float]:
    """Return PSNR where lost, SSIM around it, and the texture kept."""
    _, similar = structural_similarity(picture, filled, channel_axis=-1, full=True, data_range=255)
    return (
        psnr(picture[lost], filled[lost], data_range=255),
        float(similar[ndimage.maximum_filter(lost, size=7)].mean()),
        texture_kept(filled, lost),
    )


def quality(data: Path | None, count: int, side: int) -> None:
    """Print how well and how fast everybody fills the same squares."""
    here = [name for name in _peers.PEERS if not _peers.missing(name)]
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in (*OURS, *here)}
    kept = []
    for number, picture in enumerate(squares(data, count, side)):
        lost = losses(picture.shape[:2], LOST, np.random.default_rng(number), sigma=SIGMA)
        kept.append(texture_kept(picture, lost))
        for name, results in found.items():
            answer = ours(picture, lost, OURS[name]) if name in OURS else _peers.ask(name, picture, lost)
            if answer is not None:
                results.append((*scores(picture, answer[0], lost), answer[1]))
    print(f"\n{side} x {side}, {len(kept)} images, {LOST:.0%} lost; the truth has {np.mean(kept):.2f}")
    rows = []
    for name, results in found.items():
        decibels, similar, texture, seconds = np.mean(results, axis=0) if results else [np.nan] * 4
        missed = f", {len(kept) - len(results)} failed" if len(results) < len(kept) else ""
        rows.append([name + missed, f"{decibels:.2f}", f"{similar:.3f}", f"{texture:.2f}", f"{seconds:.2f}"])
    print(table(["", "PSNR", "SSIM", "gradients", "core s"], rows), flush=True)


def scaling(sides: list[int]) -> None:
    """Print what a painting takes by its size."""
    print("| side px | megapixels | lost | s | CPU s | CPU s / lost MP | against the first | peak MiB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    first = None
    for side in sides:
        with tempfile.TemporaryDirectory(prefix="patch-mrf-") as scratch:
            scan, mask, share = make_panel(Path(scratch), side, seed=0)
            target = Path(scratch) / "proposal.tif"
            command = [str(Path(sys.executable).with_name("tratteggio")), "inpaint", str(scan), "--quiet"]
            command += ["--mask", str(mask), "-o", str(target), "--engine", "patch_mrf"]
            wall, core, peak = measured(command)
        each = core / (share * side * side / 1e6)
        first = first or each
        print(
            f"| {side} | {side * side / 1e6:.2f} | {share:.2%} | {wall:.1f} | {core:.1f} | {each:.1f} | "
            f"{each / first:.2f} | {peak:.0f} |",
            flush=True,
        )


def sheet(target: Path, picture: Path | None, mask: Path | None) -> None:
    """Lay everybody's fill of one painting side by side: four in a row, the damaged painting first."""
    if picture and mask:
        scan = tg.open(picture).primary
        shown, lost = (
            to_depth(scan.colour() * (255 / white(scan.dtype)), np.dtype(np.uint8)),
            files.read_lacunae(mask, scan).read(),
        )
    else:
        (shown,) = squares(None, 1, 384)
        lost = losses(shown.shape[:2], LOST, np.random.default_rng(0), sigma=SIGMA)
    panels = {"damaged": np.where(lost[..., None], np.uint8(255), shown)}
    panels |= {name: ours(shown, lost, paste)[0] for name, paste in OURS.items()}
    for name in _peers.PEERS:
        if not _peers.missing(name) and (answer := _peers.ask(name, shown, lost)):
            panels[name] = answer[0]
    print(f"{target}: {', '.join(panels)}")
    laid = [np.pad(panel, ((4, 4), (4, 4), (0, 0)), constant_values=255) for panel in panels.values()]
    laid += [np.full_like(laid[0], 255)] * (-len(laid) % 4)
    rows = [np.concatenate(laid[k : k + 4], axis=1) for k in range(0, len(laid), 4)]
    files.write(np.concatenate(rows), target)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of images; default: phantoms")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024], help="pixels")
    parser.add_argument("--scaling", type=int, nargs="+", metavar="SIDE", help="sides of panels, pixels")
    parser.add_argument("--sheet", type=Path, help="PNG of everybody's fill of one painting")
    parser.add_argument("--picture", type=Path, help="painting of the sheet; default: a phantom")
    parser.add_argument("--mask", type=Path, help="what is lost of it")
    options = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}")
    if options.scaling:
        scaling(options.scaling)
        return
    for name in _peers.PEERS:
        if why := _peers.missing(name):
            print(f"absent: {why}")
    if options.sheet:
        sheet(options.sheet, options.picture, options.mask)
        return
    for side in options.sides:
        quality(options.data, options.images, side)


if __name__ == "__main__":
    main()
