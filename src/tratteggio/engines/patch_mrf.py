"""Fill lacunae with patches of the painting's own paint, chosen together: a Markov random field of patches.

Nothing is invented: what is laid into a lacuna was painted elsewhere on the same painting, and only its tone
is moved, to meet the paint at the rim. A measure of squares likes smooth fills better, and smooth engines
reach more decibels; this one keeps the texture. `tratteggio.patches` says how. With `paste="mean"` patches
are laid in their mean instead, which fits better by all such measures and blurs the brushwork.

Patches are compared pixel by pixel, or, with weights of a descriptor, by what that net sees in them (Žižakić,
Ito, Meeus, Pižurica 2019): 16 x 16 pixels in 32 or 128 numbers instead of 768.

Other scans of a stack help to choose: a patch should lie where infrared, X-ray or ultraviolet show what they
show in the lacuna, unless they show the loss itself (`_guides`).

Other labels that the nodes kept make other fills, nearly as plausible: `inpaint --samples N`.

A window that shows little paint draws on other places of the painting: those whose texture is like that
around its lacunae, as one look at the whole at reduced scale tells (`tratteggio.patches.context`).

Where no whole patch of known paint is left, the tension engine fills it instead, and the log
says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from tratteggio.engines import tension
from tratteggio.engines._guides import require_finite, scaled, stepping
from tratteggio.engines._painter import Several, cpu_only
from tratteggio.filters.diffusion import diffuse
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Region, Stack
from tratteggio.painting.pixels import COLOURS, Array, Lost
from tratteggio.patches import Hint, Look, Swatch, fill_from_patches
from tratteggio.patches.context import SMALLEST, Blocks, divide
from tratteggio.registry import unknown
from tratteggio.seeds import require_seed
from tratteggio.windows.guide import guide

if TYPE_CHECKING:
    from tratteggio.models.descriptor import Descriptor

PATCH = 8  # pixels; 12 and 16 measure alike or less
PASTES = ("cut", "mean")
DESCRIBED = 16  # pixels, side of the patches that descriptors are made for
HALO = 64  # pixels of paint around lacunae to choose from
ENOUGH_PX = 1 << 16  # known paint of a window, above which it needs none from elsewhere
BLOCK = 64  # pixels, side of a block at least
SWATCH = 192  # pixels, side of what is taken from another place at most
KEPT = 64  # swatches in memory: 14 MiB at 16 bit
CAPACITY_PX = 1 << 18


def make(
    *,
    seed: int = 0,
    device: str = "cpu",
    weights: str | Path | None = None,
    paste: str = "cut",
    copy_damage: bool = False,
) -> PatchMrf:
    """Build the engine.

    Args:
        seed: fixes the order in which nodes of equal certainty are visited.
        device: "cpu" or "auto".
        weights: of a descriptor that patches are compared by: a safetensors file that `tratteggio train`
            wrote, or the name of weights that came with this installation, as "descriptor-v32"; None
            compares pixels.
        paste: "cut" lays a patch beside the next along the path where they differ least, "mean" lays the
            mean of those on a pixel, of the three best for each node.
        copy_damage: patches may show damage that a damage map keeps, as cracks.

    Raises:
        BadUsage: another device was asked for.
        UnknownName: no such paste.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds no weights of a descriptor.
    """
    require_seed(seed)
    cpu_only("patch_mrf", device)
    if paste not in PASTES:
        raise unknown("paste", paste, PASTES)
    blurred, copied = paste == "mean", {"copy_damage": copy_damage}
    if weights is None:
        parameters: dict[str, Any] = {"patch_px": PATCH, "cost": "pixels", "paste": paste} | copied
        return PatchMrf(
            seed=seed, patch=PATCH, look=None, blurred=blurred, sound=not copy_damage, parameters=parameters
        )
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, told = loaded("engine patch_mrf", weights=weights, homes=("descriptor",), device="cpu")
    parameters = {"patch_px": DESCRIBED, "cost": told.pop("model"), "paste": paste, **copied, **told}
    look = partial(_described, cast("Descriptor", net))
    return PatchMrf(
        seed=seed, patch=DESCRIBED, look=look, blurred=blurred, sound=not copy_damage, parameters=parameters
    )


def _described(net: Descriptor, colours: NDArray[np.float32], lost: Lost) -> NDArray[np.float32]:
    """Describe boxes of (h, w, channels), 0 .. 1; other than three colours as one grey."""
    from tratteggio.models.descriptor import describe  # noqa: PLC0415  (loaded by now)

    if colours.shape[2] != COLOURS:
        colours = colours.mean(axis=2, keepdims=True).repeat(COLOURS, axis=2)
    return describe(net, colours, lost)


@dataclass(frozen=True, kw_only=True)
class PatchMrf(Several):
    """The engine; satisfies `roles.Engine`. Other fills are by other labels of those that nodes kept.

    Attributes:
        patch: side of a patch in pixels.
        look: what patches are compared by, see `tratteggio.patches`.
        blurred: patches are laid in their mean.
        sound: damage that is kept is not copied.
    """

    seed: int
    patch: int
    look: Look | None
    blurred: bool
    sound: bool = True
    name: str = "patch_mrf"
    reads: None = None
    halo: int = HALO
    capacity: int = CAPACITY_PX
    local: bool = False

    @property
    def learnt(self) -> bool:
        """True if a trained descriptor chooses among patches; their paint is the painting's own."""
        return self.look is not None

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Elsewhere | None:
        """Divide the painting into blocks that are alike; None if a window shows as much as there is."""
        return Elsewhere.of(stack, lacunae, sound=self.sound)

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Elsewhere | None,
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is how well the patches fit."""
        lost, colour = lacunae.read(), window.primary.colour()
        filled = fill_from_patches(
            colour,
            lost,
            barred=lacunae.read_kept_damage() if self.sound else None,
            patch=self.patch,
            rng=np.random.default_rng(self.seed),
            look=self.look,
            chance=np.random.default_rng([self.seed, self.number]) if self.number else None,
            blurred=self.blurred,
            more=[] if context is None else context.like(window, lost),
            hints=_hints(window, lost),
        )
        if filled is None:
            logging.getLogger("tratteggio").warning(
                "no patch of %d x %d pixels is whole in a window of %d x %d around lacunae of %s; "
                "engine tension fills it instead of patch_mrf",
                self.patch,
                self.patch,
                *lost.shape,
                lacunae.name,
            )
            return tension.make().fill(window, lacunae, None)[0], nearness(lost)
        return filled.colours, filled.sure


def _hints(window: Stack, lost: Lost) -> list[Hint]:
    """Look at the other scans, but not in lacunae where they show the loss itself.

    Raises:
        BadPixels: a scan holds NaN or infinite values.
    """
    others = [scan for scan in window.scans if scan is not window.primary]
    found = []
    for scan in others:
        require_finite(scan)
        values = scaled(scan)
        told = scan.read_seen() & ~stepping(values, lost, across=diffuse)
        found.append(Hint(values, told))
    return found


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """Paint of the whole painting, read where it is asked for; the whole is looked at when first needed.

    Attributes:
        stack: of the painting; the scan that is filled is copied from.
        lacunae: of the painting.
        sound: damage that is kept is no paint to copy.
    """

    stack: Stack
    lacunae: Lacunae
    sound: bool

    def __reduce__(self) -> tuple[Any, ...]:
        # Other processes look for themselves, when they need to.
        return Elsewhere, (self.stack, self.lacunae, self.sound)

    @classmethod
    def of(cls, stack: Stack, lacunae: Lacunae, *, sound: bool) -> Elsewhere | None:
        """Make one, or None if one window shows as much paint as is wanted."""
        rows, cols = stack.primary.grid
        return None if rows * cols <= ENOUGH_PX else cls(stack, lacunae, sound)

    @cached_property
    def blocks(self) -> tuple[int, Blocks]:
        """Blocks of one texture at a reduced scale, and how many pixels of the painting one of theirs is."""
        scan = self.stack.primary
        seen = guide(scan, self.lacunae, Region.whole(scan.grid))
        tone = seen.colours.mean(axis=2)
        low, high = float(tone.min()), float(tone.max())
        tone = (tone - low) / np.float32((high - low) or 1)
        return seen.factor, divide(tone, seen.known, smallest=max(SMALLEST, -(-BLOCK // seen.factor)))

    @cached_property
    def swatch(self) -> Callable[[int], tuple[Region, Swatch]]:
        """Read the middle of a block, by its number, and say where it lies."""
        scan, lacunae = self.stack.primary, self.lacunae
        factor, blocks = self.blocks

        @lru_cache(maxsize=KEPT)
        def swatch(number: int) -> tuple[Region, Swatch]:
            place = _middle(blocks.places[number], factor, scan.grid)
            known = scan.known(lacunae, place)
            if self.sound:
                known &= ~lacunae.read_kept_damage(place)
            return place, Swatch(scan.colour(place), known)

        return swatch

    def like(self, window: Stack, lost: Lost) -> list[Swatch]:
        """Take swatches from blocks like those around the lacunae of a window, until it has enough paint."""
        rows, cols = np.nonzero(lost)
        known, found = lost.size - len(rows), []
        if known >= ENOUGH_PX:
            return []
        top, left = (there - here for there, here in zip(window.origin, self.stack.origin, strict=True))
        box = Region(top, left, top + lost.shape[0], left + lost.shape[1])
        factor, blocks = self.blocks
        where = np.zeros(blocks.grid, dtype=bool)
        where[(rows + top) // factor, (cols + left) // factor] = True
        for number in blocks.matching(blocks.around(where)):
            if known >= ENOUGH_PX:
                break
            place, swatch = self.swatch(int(number))
            if place.meet(box).empty and swatch.known.any():
                found.append(swatch)
                known += int(swatch.known.sum())
        return found


def _middle(block: Region, factor: int, grid: tuple[int, int]) -> Region:
    """Return the middle of a block of the reduced scale in pixels, at most `SWATCH` a side."""
    top, bottom = _centred(block.top * factor, min(block.bottom * factor, grid[0]))
    left, right = _centred(block.left * factor, min(block.right * factor, grid[1]))
    return Region(top, left, bottom, right)


def _centred(first: int, end: int) -> tuple[int, int]:
    length = min(SWATCH, end - first)
    start = (first + end - length) // 2
    return start, start + length
