"""Nets answer in processes that were forked after torch had used its threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FORKED = """
from multiprocessing import get_context

import numpy as np
import torch

import tratteggio as tg

torch.set_num_threads(2)
PICTURE = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
LOST = np.zeros((200, 200), bool)
LOST[40:140, 40:150] = True


def fill(_):
    return int(tg.inpaint(PICTURE, LOST, engine="pconv").sum())


whole = fill(0)
with get_context("fork").Pool(1) as pool:
    print("filled", pool.map_async(fill, [0]).get(60) == [whole])
    pool.terminate()
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="this system does not fork")
def test_a_net_answers_in_a_forked_process(tmp_path: Path) -> None:
    """OpenMP's threads are not forked with it; torch would wait for them."""
    (tmp_path / "forked.py").write_text(FORKED)
    done = subprocess.run(
        [sys.executable, "forked.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "filled True" in done.stdout
