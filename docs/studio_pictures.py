"""Take the pictures of the studio that the tutorial shows, in Chromium.

    .venv/bin/python docs/studio_pictures.py [FOLDER]

With a folder, every panel at two window sizes is kept there.
Needs the built page (`make frontend`), Node.js and Chromium.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tratteggio import files
from tratteggio.phantom import panel

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
DRIVER = ROOT / "tests" / "studio" / "browser.mjs"
MOST_BYTES = 100_000


def take(folder: Path, *, panels: bool) -> None:
    """Open a phantom in the studio, work on it in the browser, and keep what is seen."""
    made = panel(1280, 960, seed=0, depth="uint16")
    files.write(made.damaged.pixels, folder / "panel.tif", metadata=made.damaged.metadata)
    command = [
        sys.executable,
        "-m",
        "tratteggio",
        "studio",
        str(folder / "panel.tif"),
        "--no-browser",
        "--json",
    ]
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert studio.stdout is not None
        lines = iter(studio.stdout.readline, "}\n")
        address = json.loads("".join(lines) + "}")["address"]
        programs = [shutil.which("node"), DRIVER, ROOT / "frontend", shutil.which("chromium")]
        for scenario in ("pictures", *(["panels"] if panels else [])):
            subprocess.run([*map(str, programs), scenario, address, str(folder)], check=True)
    finally:
        studio.terminate()
        studio.wait()
    for file in sorted(folder.glob("studio_*.png")):
        save(Image.open(file).convert("RGB"), PICTURES / f"{file.stem}.jpg")


def save(picture: Image.Image, path: Path) -> None:
    """Write a JPEG, as good as the limit of the repository allows."""
    for quality in range(90, 30, -5):
        picture.save(path, quality=quality, optimize=True)
        if path.stat().st_size < MOST_BYTES:
            return


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take(Path(sys.argv[1]), panels=True)
    else:
        with tempfile.TemporaryDirectory() as name:
            take(Path(name), panels=False)
