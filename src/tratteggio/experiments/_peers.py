"""Other people's fills, to compare with: each in a process of its own, since some of them can crash.

    shift_map           OpenCV contrib, shift maps over CIE Lab                pip install 'tratteggio[cv]'
    patchmatch          PyPatchMatch 2, patches of 7 x 7 pixels (radius 3)     pip install pypatchmatch
    gmic_patch          G'MIC `inpaint`, patches                               pip install gmic
    gmic_matchpatch     G'MIC `inpaint_matchpatch`, patches at four scales     pip install gmic
    resynthesizer       best-fit texture synthesis, pixel by pixel, as in GIMP  pip install resynthesizer
    criminisi           patches by priority, Criminisi et al. 2004      pip install exemplar-based-inpainting

None of them is a dependency. To keep them apart, install into a folder (`pip install --target DIR --no-deps`)
and name it in PYTHONPATH.

    python -m tratteggio.experiments._peers NAME IN.npz OUT.npz

fills the `picture` (h, w, 3) uint8 of IN where `lost` (h, w) bool; OUT holds `fill` and `seconds`.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import UnreadableFile
from tratteggio.files.untrusted import untrusted
from tratteggio.painting.pixels import Lost
from tratteggio.registry import unknown

Levels = NDArray[np.uint8]

PATCH_RADIUS = 3  # pixels; the best of 3, 7 and 15 on photographs with losses and cracks
PATIENCE_S = 300


class Peer(NamedTuple):
    """Something that fills.

    Attributes:
        module: what it needs.
        advice: how to install that.
        fill: takes picture and lost, returns the whole picture.
    """

    module: str
    advice: str
    fill: Callable[[Levels, Lost], NDArray[Any]]


def missing(name: str) -> str | None:
    """Say why a peer cannot be asked here; None if it can.

    Raises:
        UnknownName: there is no such peer.
    """
    peer = _peer(name)
    if importlib.util.find_spec(peer.module) is None:
        return f"{name} needs {peer.module}, which is not installed; {peer.advice}"
    return None


def ask(name: str, image: Levels, lost: Lost) -> tuple[Levels, float] | None:
    """Let a peer fill -> (the picture, filled where lost; core seconds that the fill alone took).

    None if it crashes, takes more than five minutes or answers with something that is no picture.

    Raises:
        UnknownName: there is no such peer.
    """
    _peer(name)
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "question.npz", Path(folder) / "answer.npz"
        np.savez(question, image=image, lost=lost)
        words = [sys.executable, "-m", __name__, name, str(question), str(answer)]
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE_S)
            with untrusted(answer, what="answer of a peer"), np.load(answer) as found:
                fill, seconds = found["fill"], float(found["seconds"])
        except (subprocess.SubprocessError, OSError, UnreadableFile):
            return None
    if fill.shape != image.shape or not np.isfinite(fill).all():
        return None
    levels = np.rint(fill.clip(0, 255)).astype(np.uint8)
    return np.where(lost[..., None], levels, image), seconds


def _peer(name: str) -> Peer:
    if name not in PEERS:
        raise unknown("peer", name, PEERS)
    return PEERS[name]


def _shift_map(image: Levels, lost: Lost) -> NDArray[Any]:
    cv2 = importlib.import_module("cv2")
    cv2.setRNGSeed(0)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2Lab)
    known, answer = np.where(lost, 0, 255).astype(np.uint8), np.zeros_like(lab)
    cv2.xphoto.inpaint(lab, known, answer, cv2.xphoto.INPAINT_SHIFTMAP)
    filled: Levels = cv2.cvtColor(answer, cv2.COLOR_Lab2RGB)
    return filled


def _patchmatch(image: Levels, lost: Lost) -> NDArray[Any]:
    patchmatch = importlib.import_module("patchmatch")
    patchmatch.set_random_seed(0)
    filled: Levels = patchmatch.inpaint(image, mask=lost, patch_size=PATCH_RADIUS)
    return filled


def _gmic(command: str) -> Callable[[Levels, Lost], NDArray[Any]]:
    def fill(image: Levels, lost: Lost) -> NDArray[Any]:
        gmic = importlib.import_module("gmic")
        mask = np.where(lost, 255, 0)[..., None]
        images = gmic.ImageList([gmic.Image.from_yxc(a.astype(np.float32)) for a in (image, mask)])
        answer = gmic.Gmic().run(f"srand 0 {command}[0] [1] keep[0]", images)
        filled: NDArray[Any] = np.array(answer[0].yxc).reshape(image.shape)
        return filled

    return fill


def _resynthesizer(image: Levels, lost: Lost) -> NDArray[Any]:
    resynthesizer = importlib.import_module("resynthesizer")
    images = importlib.import_module("PIL.Image")
    mask = images.fromarray(np.where(lost, np.uint8(255), np.uint8(0)))
    return np.asarray(resynthesizer.resynthesize(images.fromarray(image), mask))


def _criminisi(image: Levels, lost: Lost) -> NDArray[Any]:
    cv2 = importlib.import_module("cv2")
    find = cv2.findNonZero  # OpenCV 5 returns (n, 2), and the package expects (n, 1, 2) as before
    setattr(cv2, "findNonZero", lambda where: find(where).reshape(-1, 1, 2))  # noqa: B010
    inpainter = importlib.import_module("exemplar_based_inpainting.inpainter")
    filled: Levels = inpainter.Inpainter(show_progress_bar=False).inpaint(
        image, np.where(lost, 255, 0).astype(np.uint8)
    )
    return filled


PEERS = {
    "shift_map": Peer("cv2", "pip install 'tratteggio[cv]'", _shift_map),
    "patchmatch": Peer("patchmatch", "pip install pypatchmatch", _patchmatch),
    "gmic_patch": Peer("gmic", "pip install gmic", _gmic("inpaint")),
    "gmic_matchpatch": Peer("gmic", "pip install gmic", _gmic("inpaint_matchpatch")),
    "resynthesizer": Peer("resynthesizer", "pip install resynthesizer", _resynthesizer),
    "criminisi": Peer("exemplar_based_inpainting", "pip install exemplar-based-inpainting", _criminisi),
}


def _answer(name: str, question: str, answer: str) -> None:
    """Do what the process was started for; what is lost is black, as a scan without paint might be."""
    with np.load(question) as asked:
        image, lost = asked["image"], asked["lost"]
    peer = _peer(name)
    importlib.import_module(peer.module)  # so that the time is that of the fill
    broken = np.where(lost[..., None], np.uint8(0), image)
    start = time.process_time()
    fill = peer.fill(broken, lost)
    np.savez(answer, fill=fill, seconds=time.process_time() - start)


if __name__ == "__main__":
    _answer(*sys.argv[1:])
