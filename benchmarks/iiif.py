"""Publish a painting of 80 megapixels as IIIF; hold our images to the validator of the IIIF consortium.

    .venv/bin/python benchmarks/iiif.py [--rows 8000 --cols 10000] [--profile]
    .venv/bin/python benchmarks/iiif.py --validator PYTHON

The first prints CPU seconds, peak memory, files and bytes of `export --to iiif`, of a scan (a pyramidal TIFF
of 16 bits) and of a proposal for it, which has two pictures.

The second writes and serves the validator's test image, as a folder of level 0 (`python -m http.server`) and
as the studio serves it (level 2), and prints what fails: nothing should. PYTHON is one that has
`iiif-validator==1.0.5` (not ours). The studio's guard is left out, and CORS added: the validator
has no cookie, and the studio answers no other site.
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from tratteggio import files, treatment
from tratteggio.files.icc import srgb_profile
from tratteggio.painting import Metadata, Scan

IMAGE = "67352ccc-d1b0-11e1-89ae-279075081939"
MEASURED = (
    "import json, sys, time; from tratteggio.cli.main import app\n"
    "app(sys.argv[1:], standalone_mode=False)\n"
    "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]\n"
    "print(json.dumps([time.process_time(), int(peak) / 1024]), file=sys.stderr)"
)
COLOURS = (
    "import json; from iiif_validator.validator import ValidationInfo\n"
    "print(json.dumps(ValidationInfo().colorInfo))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--cols", type=int, default=10_000)
    parser.add_argument("--profile", action="store_true", help="give the scan a colour profile")
    parser.add_argument("--validator", metavar="PYTHON", help="a Python with iiif-validator")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if told.validator:
            validate(told.validator, Path(folder))
        else:
            measure(told.rows, told.cols, Path(folder), profile=told.profile)


def measure(rows: int, cols: int, folder: Path, *, profile: bool) -> None:
    """Time the command in a process of its own, which holds nothing else."""
    metadata = Metadata((400.0, 400.0), "inch", icc=srgb_profile() if profile else None)
    files.write(paint(rows, cols), folder / "panel.tif", metadata=metadata, compression="zstd")
    lost = np.zeros((rows, cols), bool)
    for top, left in np.random.default_rng(1).integers(0, (rows - 60, cols - 80), (300, 2)):
        lost[top : top + 60, left : left + 80] = True
    treatment.inpaint(folder / "panel.tif", lost, engine="tension").save(folder / "out.tif")
    print(f"{'':28s} {'CPU s':>7s} {'MiB':>6s} {'files':>6s} {'MB':>6s}")
    for name in ("panel.tif", "out.tif"):
        words = ["export", str(folder / name), "--to", "iiif", "--quiet"]
        command = [sys.executable, "-c", MEASURED, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, mib = json.loads(done.stderr.splitlines()[-1])
        made = [file for file in (folder / name).with_suffix(".iiif").rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in made) / 1e6
        what = f"{name}, {rows * cols / 1e6:.0f} MP{', profile' if profile else ''}"
        print(f"{what:28s} {seconds:7.1f} {mib:6.0f} {len(made):6d} {size:6.1f}")


def paint(rows: int, cols: int) -> np.ndarray:
    """Paint soft shapes with brushwork-like noise."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 1 << 12, (-(-rows // 16), -(-cols // 16), 3)).astype(np.uint16)
    painted = np.repeat(np.repeat(small, 16, axis=0), 16, axis=1)[:rows, :cols] * np.uint16(14)
    painted += rng.integers(0, 1 << 9, painted.shape, np.uint16)
    return painted


def validate(python: str, folder: Path) -> None:
    """Run the validator on level 0 and on level 2."""
    told = subprocess.run([python, "-c", COLOURS], capture_output=True, text=True, check=True).stdout
    squares = np.array(json.loads(told.splitlines()[-1]), np.uint8).transpose(
        1, 0, 2
    )  # by column, then by row
    picture = np.ascontiguousarray(np.repeat(np.repeat(squares, 100, axis=0), 100, axis=1))
    files.write(picture, folder / "squares.tif")
    script = next(Path(python).parent.glob("iiif-validate.py"))

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/site"
    options = treatment.PublishOptions(address)
    treatment.publish(folder / "squares.tif", folder / "squares.iiif", options=options)
    (folder / "squares.iiif").rename(folder / "site")
    (folder / "site" / "rgb").rename(folder / "site" / IMAGE)
    info = folder / "site" / IMAGE / "info.json"
    info.write_text(info.read_text().replace("/site/rgb", f"/site/{IMAGE}"))
    report(0, python, script, server.server_port, "site")
    server.shutdown()

    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware

    from tratteggio.studio.iiif import routes

    anyone = Middleware(CORSMiddleware, allow_origins=["*"])
    app = Starlette(routes=routes({IMAGE: Scan(picture)}), middleware=[anyone])
    config = uvicorn.Config(app, port=8182, log_level="error")
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    while not serving.started:
        thread.join(0.1)
    report(2, python, script, 8182, "iiif")
    serving.should_exit = True
    thread.join()


class Quiet(SimpleHTTPRequestHandler):
    """Hands out files, as `python -m http.server` does, without a log."""

    def log_message(self, *_: object) -> None:
        pass


def report(level: int, python: str, script: Path, port: int, prefix: str) -> None:
    words = ["-s", f"127.0.0.1:{port}", "-p", prefix, "-i", IMAGE, "--version", "3.0", "--level", str(level)]
    done = subprocess.run([python, script, *words], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    print(f"level {level}: {said.count(' PASS')} of {said.count(' PASS') + said.count(' FAIL')} pass")
    print("".join(f"  {line}\n" for line in said.splitlines() if " FAIL" in line or line[:1] == " "), end="")


if __name__ == "__main__":
    main()
