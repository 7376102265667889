"""Fill lacunae with a net that has learnt from paintings: a U-Net of partial convolutions.

With `turns` above 1 the net also sees the window rotated and mirrored, and the outputs are averaged: what the
net invents differs between them, what the paint demands does not. `_nets` says how the net sees a window.

The same window gives the same bits on one machine with one number of threads; with another number,
convolutions are cut up differently, and fills differ by about a millionth of the known range.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from tratteggio.engines._nets import answered
from tratteggio.engines._painter import Painter
from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Array, Lost

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = "pconv-compact"
ARCHITECTURES = ("pconv_deep", "pconv_compact", "pconv_unet")  # files of `models/` whose nets take (x, known)
HALO = 32  # pixels of paint around a lacuna that the net is shown; 16 to 128 measure alike (`pconv_fill.py`)
TURNS = (1, 2, 4, 8)
WAYS = ((0, False), (1, False), (2, False), (3, False), *((quarters, True) for quarters in range(4)))
"""Quarter turns and whether mirrored then; so many of the first as `turns` says."""
CAPACITY_PX = 1 << 18  # the net works on whole windows, lost or not; memory goes with their size


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",
    weights: str | Path | None = None,
    turns: int = 1,
) -> Painter:
    """Build the engine: load the weights.

    Args:
        seed: not used; there is nothing random.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: a safetensors file that `tratteggio train` wrote, or the name of weights that came with this
            installation; None takes "pconv-compact" of these.
        turns: how many of the eight rotations and mirrors of a window the net sees: 1, 2, 4 or 8. The time
            grows in proportion. On cracks, 2 turns gain 0.08 dB (33 paintings), 8 turns 0.2 dB (8 paintings).

    Raises:
        BadUsage: no such device, or another number of turns.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds no weights of a net that fills.
    """
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    if turns not in TURNS:
        raise BadUsage(f"turns must be one of {', '.join(map(str, TURNS))}, got {turns}", option="turns")

    net, parameters = loaded(
        "engine pconv", weights=WEIGHTS if weights is None else weights, homes=ARCHITECTURES, device=device
    )
    return Painter(
        name="pconv",
        paint=partial(_paint, net=net, ways=WAYS[:turns]),
        halo=HALO,
        capacity=CAPACITY_PX,
        parameters=parameters | {"turns": turns},
        local=False,
        learnt=True,
    )


def ships() -> bool:
    """Tell whether weights came with this installation, without loading torch."""
    return (resources.files("tratteggio") / "weights" / f"{WEIGHTS}.safetensors").is_file()


def _paint(colour: Array, lost: Lost, *, net: nn.Module, ways: Sequence[tuple[int, bool]]) -> Array:
    """Fill (h, w, channels) of any depth; returns floats in its units, all of it as the net sees it."""
    return answered(colour, lost, net, partial(_averaged, net=net, ways=ways))[0]


def _averaged(x: Tensor, known: Tensor, *, net: nn.Module, ways: Sequence[tuple[int, bool]]) -> list[Tensor]:
    """Ask the net about a window turned and mirrored in several ways, and average what it answers."""
    answers = []
    for quarters, mirrored in ways:
        turned = [_turned(tensor, quarters, mirrored) for tensor in (x, known)]
        answers.append(_turned_back(net(*turned), quarters, mirrored))
    return [sum(answers[1:], answers[0]) / len(answers)]


def _turned(x: Tensor, quarters: int, mirrored: bool) -> Tensor:
    import torch  # noqa: PLC0415  (loaded by now)

    turned = x.rot90(quarters, (2, 3))
    turned = turned.flip(3) if mirrored else turned
    return turned.contiguous(memory_format=torch.channels_last)


def _turned_back(y: Tensor, quarters: int, mirrored: bool) -> Tensor:
    return (y.flip(3) if mirrored else y).rot90(-quarters, (2, 3))
