"""Ways to find paint loss from a few labelled pixels, beside each other: each learns, then scores other
pixels.

    logistic                 heads on features that are fixed, see `_heads` kernel_sparse
    sparse codes in the space of a Gaussian kernel, class by class (Huang et al. 2018) boosted_stumps
    additive logistic regression on one feature at a time (Friedman et al. 2000) scratch                  nets
    that begin with random weights: TI-UNet (Meeus et al. 2019), a plain U-Net

All give numbers above 0 for what they hold for lost, the larger the surer.

Sources: Huang et al., "Paint loss detection via kernel sparse representation", IP4AI 2018, with orthogonal
matching pursuit in feature space after Vincent and Bengio 2002, and the median distance as the kernel's
width; Friedman, Hastie, Tibshirani, "Additive logistic regression", Annals of Statistics 28, 2000
(LogitBoost).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn, optim
from torch.nn import functional

from tratteggio.experiments._heads import fit, log_odds
from tratteggio.models.ti_unet import Form, TiUnet

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PENALTY = 10.0  # of logistic heads
ATOMS = 8  # of a sparse code, at most
CHUNK = 256  # codes that are sought at a time
ROUNDS, BINS, SHRUNK = 200, 32, 0.2  # of boosting
CLAMP = 4.0  # largest step of one round
STEPS, BATCH, RATE = 150, 32, 3e-3  # of nets from scratch
SEEN = 17  # px a side that the plain U-Net sees of a labelled pixel


def logistic(learnt: NDArray[Any], lost: Flags, asked: NDArray[Any]) -> Doubles:
    """Score by logistic regression: learnt (n, features), lost (n,), asked (m, features) -> (m,)."""
    head = fit(learnt, lost.astype(np.int64), 2, penalty=PENALTY)
    return log_odds(head(asked), 1)


# --- kernel sparse representation --------------------------------------------------------------------


def kernel_sparse(learnt: NDArray[Any], lost: Flags, asked: NDArray[Any]) -> Doubles:
    """Score by how much better atoms of losses rebuild a pixel than those of paint; as `logistic`.

    One sparse code over all labelled pixels; what each class's part of it leaves over decides.
    """
    mean, spread = learnt.mean(axis=0), learnt.std(axis=0) + 1e-6
    atoms, asked = (learnt - mean) / spread, (asked - mean) / spread
    width = np.median(_squared_distances(atoms, atoms)[~np.eye(len(atoms), dtype=bool)])
    gram = np.exp(-_squared_distances(atoms, atoms) / width)
    parts = [
        _residuals(np.exp(-_squared_distances(asked[first : first + CHUNK], atoms) / width), gram, lost)
        for first in range(0, len(asked), CHUNK)
    ]
    return np.concatenate(parts)


def _residuals(near: Doubles, gram: Doubles, lost: Flags) -> Doubles:
    """Code pixels of kernel values (m, n) -> what is left over by paint less what is left over by losses."""
    rows = np.arange(len(near))[:, None]
    chosen = np.empty((len(near), 0), np.int64)
    left = near
    for _ in range(min(ATOMS, len(gram))):
        strength = np.abs(left)
        strength[rows, chosen] = -1
        chosen = np.concatenate([chosen, strength.argmax(axis=1)[:, None]], axis=1)
        inner = gram[chosen[:, :, None], chosen[:, None, :]] + 1e-6 * np.eye(chosen.shape[1])
        code = np.linalg.solve(inner, near[rows, chosen][..., None])[..., 0]
        left = near - np.einsum("ms,msn->mn", code, gram[chosen])
    over = []
    for kind in (False, True):
        mine = np.where(lost[chosen] == kind, code, 0)
        explained = 2 * (mine * near[rows, chosen]).sum(axis=1) - np.einsum("ms,mst,mt->m", mine, inner, mine)
        over.append(1 - explained)
    difference: Doubles = over[0] - over[1]
    return difference


def _squared_distances(one: Doubles, other: Doubles) -> Doubles:
    """Return squared distances of rows: (n, m)."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0))


# --- boosting ----------------------------------------------------------------------------------------


def boosted_stumps(learnt: NDArray[Any], lost: Flags, asked: NDArray[Any]) -> Doubles:
    """Score by a sum of stumps, each a step at a quantile of one feature; as `logistic`."""
    edges = np.quantile(learnt, np.linspace(0, 1, BINS + 1)[1:-1], axis=0)  # (31, features)
    mine, theirs = (_bin(values, edges) for values in (learnt, asked))
    count, features = mine.shape
    places = mine + np.arange(features) * BINS
    score, answer = np.zeros(count), np.zeros(len(asked))
    for _ in range(ROUNDS):
        probability = 1 / (1 + np.exp(-score))
        weight = np.maximum(probability * (1 - probability), 1e-6)
        pull = lost - probability
        sums = [
            np.bincount(places.ravel(), np.repeat(values, features), features * BINS).reshape(features, BINS)
            for values in (pull, weight)
        ]
        below = [np.cumsum(one, axis=1)[:, :-1] for one in sums]
        above = [one.sum(axis=1)[:, None] - part for one, part in zip(sums, below, strict=True)]
        gain = below[0] ** 2 / (below[1] + 1e-3) + above[0] ** 2 / (above[1] + 1e-3)
        feature, step = np.unravel_index(int(gain.argmax()), gain.shape)
        values = [
            SHRUNK * float(np.clip(one[0][feature, step] / (one[1][feature, step] + 1e-3), -CLAMP, CLAMP))
            for one in (below, above)
        ]
        score += np.where(mine[:, feature] <= step, *values)
        answer += np.where(theirs[:, feature] <= step, *values)
    return answer


def _bin(values: NDArray[Any], edges: NDArray[Any]) -> Ints:
    """Return in which interval between quantiles each value lies: (n, features) of 0 .. 31."""
    columns = [np.searchsorted(edges[:, k], values[:, k], side="right") for k in range(values.shape[1])]
    return np.stack(columns, axis=1).astype(np.int64)


# --- nets from scratch -------------------------------------------------------------------------------


class PlainUnet(nn.Module):
    """A small U-Net as usual: three sizes, pooling by 2, padding; (B, C, H, W) -> log odds (B, 1, H, W)."""

    def __init__(self, channels: int, widths: tuple[int, int, int] = (8, 16, 32)) -> None:
        super().__init__()
        first, second, third = widths
        self.down = nn.ModuleList([_twice(channels, first), _twice(first, second), _twice(second, third)])
        self.up = nn.ModuleList([_twice(third + second, second), _twice(second + first, first)])
        self.head = nn.Conv2d(first, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Answer for every pixel."""
        rows, cols = x.shape[2:]
        x = functional.pad(x, (0, -cols % 4, 0, -rows % 4), mode="replicate")
        seen = [self.down[0](x)]
        for block in self.down[1:]:
            seen.append(block(functional.max_pool2d(seen[-1], 2)))
        y = seen.pop()
        for block in self.up:
            y = block(torch.cat([functional.interpolate(y, scale_factor=2), seen.pop()], dim=1))
        answer: Tensor = self.head(y)
        return answer[..., :rows, :cols]


def _twice(inner: int, outer: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inner, outer):
        layers += [nn.Conv2d(channels, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU()]
    return nn.Sequential(*layers)


def ti_unet(image: NDArray[np.float32], places: Ints, lost: Flags, asked: Ints, *, seed: int) -> Doubles:
    """Train a TI-UNet of depth 1 on labelled pixels and what is around -> scores of other pixels.

    Args:
        picture: (H, W, C), 0 .. 1.
        places: (n, 2) of labelled pixels.
        lost: (n,) what is said of them.
        asked: (m, 2).
        seed: of first weights and of the order.
    """
    torch.manual_seed(seed)
    net = TiUnet(Form(channels=image.shape[2], classes=1, depth=1, filters=9, convolutions=1))
    return _scratch(net, _crops(image, net.form.loss_px + 1), places, lost, asked, seed=seed)


def plain_unet(image: NDArray[np.float32], places: Ints, lost: Flags, asked: Ints, *, seed: int) -> Doubles:
    """Train a plain U-Net likewise; arguments as `ti_unet`.

    What it answers depends on where a pixel lies in the cells that it pools, so that it is shown every pixel
    in the middle of a square of its own, to learn from and to be asked of.
    """
    torch.manual_seed(seed)
    return _scratch(PlainUnet(image.shape[2]), _crops(image, SEEN), places, lost, asked, seed=seed)


def _scratch(
    net: nn.Module, crop: Callable[[Ints], Tensor], places: Ints, lost: Flags, asked: Ints, *, seed: int
) -> Doubles:
    rng = np.random.default_rng(seed)
    truth = torch.from_numpy(lost.astype(np.float32))
    optimiser = optim.NAdam(net.parameters(), lr=RATE)
    net.train()
    for _ in range(STEPS):
        drawn = rng.integers(len(places), size=BATCH)
        x = _turn(crop(places[drawn]), rng)
        cost = functional.binary_cross_entropy_with_logits(_middle(net(x)), truth[torch.from_numpy(drawn)])
        optimiser.zero_grad()
        torch.autograd.backward(cost)
        optimiser.step()
    net.eval()
    with torch.inference_mode():
        parts = [_middle(net(crop(asked[k : k + CHUNK]))) for k in range(0, len(asked), CHUNK)]
    return torch.cat(parts).double().numpy()


def _crops(image: NDArray[np.float32], side: int) -> Callable[[Ints], Tensor]:
    """Return what cuts squares of odd side about places (n, 2): (n, C, side, side), mirrored beyond."""
    more = side // 2
    wide = np.pad(image, ((more, more), (more, more), (0, 0)), mode="symmetric")
    squares = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(0, 1))
    return lambda places: torch.from_numpy(np.ascontiguousarray(squares[places[:, 0], places[:, 1]]))


def _turn(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Turn and mirror a batch of odd side, the same for all: the middle stays where it is."""
    x = torch.rot90(x, int(rng.integers(4)), (2, 3))
    return x.flip(3) if rng.random() < 0.5 else x


def _middle(y: Tensor) -> Tensor:
    """Return the answer for the pixel in the middle: (B, 1, h, w) -> (B,)."""
    return y[:, 0, y.shape[2] // 2, y.shape[3] // 2]
