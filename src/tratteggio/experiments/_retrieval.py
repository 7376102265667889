"""Which patches of a picture are found for one of which a part is missing, and how well they would fit.

Patches of 16 x 16; candidates lie 8 pixels apart. The nearest by descriptor, or by known pixels, are judged
by how far they are from the whole patch, missing part and all. The query itself is no candidate.

Descriptors of ours are taken in three ways:

    patch by patch          every patch passes the encoder alone, black where the query is missing: as
                            published, and as the rival does
    partial convolutions    every patch alone too, but neither what is missing nor what lies beyond the patch
                            is seen
    read off the picture    the picture is described once, with what lies around every patch; places that see
                            what is missing are left out of the maxima: what makes the descriptor fast

Source: Žižakić et al. 2019, figure 4; protocol as in github.com/nimpy/patch-desc-ae.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from tratteggio.experiments._images import Levels, rng_of
from tratteggio.experiments._occlusions import occlusion
from tratteggio.experiments._rivals import Exhaustive, Sparse
from tratteggio.models import to_tensors
from tratteggio.models.descriptor import CELL, REACH, Descriptor
from tratteggio.painting.pixels import Lost

SIDE = 16  # of a patch, in pixels
STRIDE = 8  # between candidates
ENOUGH = 8  # places of a cell for a maximum to tell something
ROUNDING = 1e-9  # of shares that are sums of 729ths
FEW = 64  # patches that pass the encoder at a time
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)

Away = NDArray[np.floating[Any]]
Search = Callable[[int, int, Lost], Away]
"""(row, column, what is missing) of a patch of a picture -> how far candidates are, (rows, cols) of them."""


def patch_by_patch(net: Descriptor, image: Levels, *, partial: bool = False) -> Search:
    """Search by descriptors of patches that are encoded one by one, black where the query is missing.

    Args:
        net: that encodes.
        picture: (H, W, 3).
        partial: by partial convolutions, which see nothing there, nor beyond the patch.
    """

    def encoded(patches: Tensor, known: Tensor) -> Tensor:
        cells: Tensor = net.encode(patches, known) if partial else net.encoder(patches * known)
        return cells

    # A few at a time, so that what lies between the layers stays in the processor's cache.
    candidates = torch.split(_tensors(_candidates(image).reshape(-1, SIDE, SIDE, 3)), FEW)
    rows, cols = _candidates(image).shape[:2]

    @torch.inference_mode()
    def search(top: int, left: int, lost: Lost) -> Away:
        known = torch.from_numpy(~lost)[None, None].float()
        query = encoded(_tensors(image[None, top : top + SIDE, left : left + SIDE]), known)
        away = [(encoded(few, known) - query).square().sum((1, 2, 3)) for few in candidates]
        found: Away = torch.cat(away).reshape(rows, cols).numpy()
        return found

    return search


def read_off(net: Descriptor, image: Levels) -> Search:
    """Search by maxima of the intermediate representation of the whole picture.

    Outputs within 3 pixels of what is missing have seen it, and the candidates' have seen something else
    there: they are left out, see `telling`. The query's come from partial convolutions.
    """
    whole = _representation(net, image, np.zeros(image.shape[:2], np.bool_))

    def search(top: int, left: int, lost: Lost) -> Away:
        above, before = max(0, top - REACH), max(0, left - REACH)
        around = image[above : top + SIDE + REACH, before : left + SIDE + REACH]
        broken = np.zeros(around.shape[:2], np.bool_)
        place = (slice(top - above, top - above + SIDE), slice(left - before, left - before + SIDE))
        broken[place] = lost
        query, where = _representation(net, around, broken)[place], telling(lost)
        away: Away = ((_maxima(whole, where) - _maxima(query, where)) ** 2).sum(axis=-1)
        return away

    return search


def telling(lost: Lost) -> Lost:
    """Choose the places of a patch whose answers are compared, True.

    In each cell these are the ones that have seen nothing missing; where there are fewer than 8, the 8 known
    ones that have seen least of it, or all that are known.

    Example:
        >>> lost = np.zeros((16, 16), bool)
        >>> lost[0, 0] = True
        >>> int(telling(lost).sum()), int(telling(np.eye(16, dtype=bool)).sum())
        (240, 110)
    """
    seen = np.pad(1.0 - lost, REACH, constant_values=1)
    for _ in range(REACH):  # as three convolutions of 3 x 3 spread it
        seen = ndimage.uniform_filter(seen, 3)
    seen = np.where(lost, 0, seen[REACH:-REACH, REACH:-REACH])
    cells = seen.reshape(2, CELL, 2, CELL).swapaxes(1, 2).reshape(2, 2, -1)
    least = np.sort(cells)[..., -ENOUGH].repeat(CELL, axis=0).repeat(CELL, axis=1)
    where: Lost = ~lost & (seen > np.minimum(least, 1) - ROUNDING)
    return where


def by_rival(net: Sparse, image: Levels) -> Search:
    """Search by the descriptors of a sparse autoencoder."""
    grid = _candidates(image)
    patches = (grid.reshape(-1, SIDE * SIDE * 3) / 255).astype(np.float32)

    def search(top: int, left: int, lost: Lost) -> Away:
        black = np.repeat(lost.ravel(), 3)
        query = (image[top : top + SIDE, left : left + SIDE].reshape(1, -1) / 255).astype(np.float32)
        away: Away = ((net.describe(patches, black) - net.describe(query, black)) ** 2).sum(axis=-1)
        return away.reshape(grid.shape[:2])

    return search


def by_pixels(image: Levels) -> Search:
    """Search by squared differences over known pixels."""
    exhaustive = Exhaustive(image / 255)

    def search(top: int, left: int, lost: Lost) -> Away:
        patch = image[top : top + SIDE, left : left + SIDE] / 255
        return exhaustive.differences(patch, lost)[::STRIDE, ::STRIDE]

    return search


def queries(image: Levels, apart: int) -> list[tuple[int, int]]:
    """List the upper left pixels of queries, which lie on the grid of candidates."""
    rows, cols = image.shape[:2]
    return [
        (top, left) for top in range(0, rows - SIDE + 1, apart) for left in range(0, cols - SIDE + 1, apart)
    ]


def missing(name: str, number: int, share: float, *, seed: int) -> Lost:
    """Draw what is missing from query `number` of the picture `name`: the same for all searches."""
    return occlusion(number, share, side=SIDE, rng=rng_of(seed, name, str(number), str(share)))


def nearest(search: Search, top: int, left: int, lost: Lost, count: int) -> NDArray[np.int64]:
    """Return the upper left pixels of the nearest candidates, nearest first: (count, 2)."""
    away = np.array(search(top, left, lost))
    away[top // STRIDE, left // STRIDE] = np.inf
    order = np.argsort(away, axis=None, kind="stable")[:count]
    return STRIDE * np.stack(np.unravel_index(order, away.shape), axis=1)


def misfits(image: Levels, top: int, left: int, found: NDArray[np.int64]) -> NDArray[np.float32]:
    """Measure how far patches are from one, all of it known: root of the mean square, in levels of 255."""
    patch = image[top : top + SIDE, left : left + SIDE].astype(np.float32)
    others = np.stack([image[r : r + SIDE, c : c + SIDE] for r, c in found]).astype(np.float32)
    away: NDArray[np.float32] = np.sqrt(((others - patch) ** 2).mean(axis=(1, 2, 3)))
    return away


def measured(
    searches: Sequence[Search],
    image: Levels,
    name: str,
    *,
    apart: int,
    seed: int,
    count: int,
) -> NDArray[np.float32]:
    """Measure what each search finds for every query at every share: (searches, shares, queries, count).

    Args:
        searches: in the picture.
        picture: (H, W, 3), with more than `count` candidates.
        name: of the picture, for what is missing.
        apart: pixels between queries, a multiple of 8.
        seed: of what is missing.
        count: nearest candidates to judge.
    """
    places = queries(image, apart)
    found = np.empty((len(searches), len(SHARES), len(places), count), np.float32)
    for s, share in enumerate(SHARES):
        for number, (top, left) in enumerate(places):
            lost = missing(name, number, share, seed=seed)
            for k, search in enumerate(searches):
                at = nearest(search, top, left, lost, count)
                found[k, s, number] = misfits(image, top, left, at)
    return found


def _candidates(image: Levels) -> Levels:
    """View the candidates of a picture: (rows, cols, 16, 16, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (SIDE, SIDE), axis=(0, 1))
    return windows[::STRIDE, ::STRIDE].transpose(0, 1, 3, 4, 2)


@torch.inference_mode()
def _representation(net: Descriptor, image: Levels, lost: Lost) -> NDArray[np.float32]:
    """Give the intermediate representation of a picture: (H, W, C)."""
    x, known = to_tensors(np.ascontiguousarray(image), lost)
    answers = net.intermediate(x, known)[0].movedim(0, -1)
    return np.ascontiguousarray(answers.numpy())


def _maxima(ir: NDArray[np.float32], where: Lost) -> NDArray[np.float32]:
    """Take the largest answers of each cell of every candidate at some places: (rows, cols, 4 * C).

    0 where a cell has none: answers are never negative.
    """
    rows, cols = ((length - SIDE) // STRIDE + 1 for length in ir.shape[:2])
    found = np.zeros((rows, cols, 4, ir.shape[2]), np.float32)
    for r, c in np.argwhere(where):
        cell = found[:, :, 2 * (r // CELL) + c // CELL]
        np.maximum(cell, ir[r:, c:][: STRIDE * rows : STRIDE, : STRIDE * cols : STRIDE], out=cell)
    return found.reshape(rows, cols, -1)


def _tensors(patches: Levels) -> Tensor:
    """Turn patches (n, h, w, 3) into tensors (n, 3, h, w) of 0 .. 1."""
    return (torch.from_numpy(patches / np.float32(255))).movedim(-1, 1).contiguous()
