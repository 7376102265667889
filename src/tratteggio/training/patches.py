"""Patches to learn from: an endless sequence, each one a pure function of the seed and its index.

    index -> picture and corner (each gives 25 patches a round, far apart from each other; or any place)
          -> cut: turned and mirrored by chance -> truth
          -> damage by chance                   -> known

Whatever process asks, in whatever order, patch i is the same.
"""

from __future__ import annotations

import difflib
import logging
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.degradation import Damage, draw_damage, make_damage
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.seeds import require_seed
from tratteggio.training.cuts import Corners, Cut, Floats, cut, maximin, reach_px
from tratteggio.training.image_cache import ImageCache
from tratteggio.training.image_lists import attributes_of
from tratteggio.training.sources import Levels, Source

if TYPE_CHECKING:  # batches are tensors; patches can be cut without torch
    from tratteggio.training.batches import Patch

log = logging.getLogger("tratteggio")

_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")

PER_PICTURE = 25
MIXED = 64  # pictures whose patches are shuffled together; decoded, they should fit the memory


@dataclass(frozen=True)
class Augment:
    """How patches are varied (Dunhuang poster; FP-CAE adds two flips).

    Attributes:
        flip: how often left and right are exchanged, 0 .. 1.
        turn: how often the patch is rotated, 0 .. 1.
        degrees: how far at most, to either side, 0 .. 45.
        upend: how often top and bottom are exchanged, 0 .. 1.
        diagonal: how often rows and columns are exchanged, 0 .. 1.

    Raises:
        BadUsage: a number out of its range.
    """

    flip: float = 0.5
    turn: float = 0.5
    degrees: float = 30.0
    upend: float = 0.0
    diagonal: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("flip", 1), ("turn", 1), ("degrees", 45), ("upend", 1), ("diagonal", 1)):
            if not 0 <= getattr(self, name) <= most:
                raise BadUsage(f"{name} must be 0 .. {most}, got {getattr(self, name)!r}")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Augment:
        """Return the variation that settings of a recipe mean; what is not set keeps its default.

        Raises:
            UnknownName: a setting that is none of the attributes.
            BadUsage: not a number, or out of its range.
        """
        known = [field.name for field in fields(cls)]
        for name, value in settings.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise UnknownName(f"no setting of augment named {name!r}; {hint}Known: {', '.join(known)}")
            if not isinstance(value, int | float):
                raise BadUsage(f"{name} must be a number, got {value!r}")
        return cls(**settings)


AS_THEY_ARE = Augment(flip=0, turn=0)


class Patches:
    """Patches with damage, by index 0, 1, ... without end.

    In each round every picture gives `per_picture` patches, at new places. Patches of 64 pictures come
    shuffled, then those of the next 64: pictures by the thousand are decoded once a round. Or, for a few
    pictures with room in memory, every patch lies anywhere, each place as likely as any other.

    Args:
        source: the pictures.
        side: of a square patch, in pixels.
        damage: a kind by name, kinds with weights, or a rule (see `tratteggio.degradation`).
        augment: how patches are varied; settings by name, or `AS_THEY_ARE`.
        seed: another seed, other patches.
        per_picture: patches of one picture in a round; None draws each patch from all places of all pictures.
        modalities: channels of each modality in their order, for `absent`.
        absent: how often each modality of a patch is missing, 0 .. 1; one at least is there.
        fixed: each picture has the same lacunae in all its patches.
        attributes: that are told of pictures, see `training.image_lists.attributes_of`.
        filled: number of the modality that alone is damaged; None damages all in the same places.
        cache_mib: room for decoded pictures.

    Attributes:
        seconds: time spent so far in this process, by stage: decode, cut, damage.

    Raises:
        UnknownName, BadUsage: an option that cannot be.

    Example:
        >>> from tratteggio.training.sources import Phantoms
        >>> patches = Patches(Phantoms(2, rows=80, cols=64), side=32, damage="cracks", seed=1)
        >>> truth, known = patches[7]
        >>> truth.shape, known.shape
        ((3, 32, 32), (1, 32, 32))
    """

    def __init__(
        self,
        source: Source,
        *,
        side: int = 256,
        damage: str | Mapping[str, float] | Damage = "mixed",
        augment: Augment | Mapping[str, float] = Augment(),
        seed: int = 0,
        per_picture: int | None = PER_PICTURE,
        modalities: Sequence[int] = (),
        absent: float = 0.0,
        fixed: bool = False,
        attributes: Sequence[str] = (),
        filled: int | None = None,
        cache_mib: float = 512,
    ) -> None:
        require_seed(seed)
        for name, value, least in (("side", side, 2), ("per_picture", per_picture, 1)):
            if value is not None and value < least:
                raise BadUsage(f"{name} must be at least {least}, got {value}")
        if not 0 <= absent <= 1 or (absent and not modalities):
            raise BadUsage(
                f"absent is a share 0 .. 1 of the modalities of a patch, got {absent} for {len(modalities)}"
            )
        if filled is not None and filled not in range(len(modalities)):
            raise BadUsage(f"filled is the number of a modality of {len(modalities)}, got {filled}")
        self.source, self.side, self.seed, self.per_picture = source, side, seed, per_picture
        self.modalities, self.absent, self.filled = tuple(modalities), absent, filled
        self.fixed, self.attributes = fixed, tuple(attributes)
        self.damage = make_damage(damage)
        self.augment = augment if isinstance(augment, Augment) else Augment.of(augment)
        self.images = ImageCache(source, mib=cache_mib)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._orders: OrderedDict[int, Corners] = OrderedDict()
        self._corners: OrderedDict[tuple[int, int], Corners] = OrderedDict()
        self.small = tuple(
            source.name(number) for number in range(len(source)) if min(source.grid(number)) < side
        )
        if self.small:
            log.warning(
                "%d of %d images are smaller than a patch of %d pixels, for example %s; "
                "their missing pixels count as unknown",
                len(self.small),
                len(source),
                side,
                self.small[0],
            )

    @property
    def per_round(self) -> int:
        """Number of patches after which every picture has given its share; 1 if there are no shares."""
        return len(self.source) * self.per_picture if self.per_picture else 1

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the pictures that could not be read so far, by this process."""
        return self.images.unreadable

    def __getitem__(self, index: int) -> Patch:
        """Return truth (C, side, side) of 0 .. 1 and known (1, side, side) of 0 or 1; both float32.

        Known is (C, side, side) if modalities may be missing or one alone is damaged. If attributes are told,
        those of the picture follow: (A,) float32 of 0 or 1.

        Where known is 0 truth is paint as well, so that all of it may teach, corners that were turned in
        included; only beyond a picture smaller than the patch does it mirror the picture.

        Raises:
            IndexError: below 0.
            UnreadableFile: more than 5 % of the pictures cannot be decoded.
        """
        started = time.perf_counter()
        rng = np.random.default_rng([self.seed, 0, _whole(index)])
        number, image, place = self._locate(index, rng)
        decoded = time.perf_counter()
        truth, seen = cut(image, place, side=self.side)
        taken = time.perf_counter()
        damage_rng = np.random.default_rng([self.seed, 3, number]) if self.fixed else rng
        known = seen & ~draw_damage(self.damage, (self.side, self.side), damage_rng)
        if not known.any():  # what was left of a small picture is lost as well: leave it whole
            known = seen
        self.seconds["decode"] += decoded - started
        self.seconds["cut"] += taken - decoded
        channels = known[None].astype(np.float32)
        if self.filled is not None:
            damaged = np.arange(len(self.modalities)) == self.filled
            channels = np.where(np.repeat(damaged, self.modalities)[:, None, None], channels, seen[None])
        if self.absent:
            channels = channels * self._present(rng)[:, None, None]
        self.seconds["damage"] += time.perf_counter() - taken
        if self.attributes:
            return truth, channels, attributes_of(self.source.name(number), self.attributes)
        return truth, channels

    def _present(self, rng: Generator) -> Floats:
        """Draw which channels are there, modality by modality: 0 or 1."""
        there = rng.random(len(self.modalities)) >= self.absent
        there[rng.integers(len(there))] |= not there.any()
        return np.repeat(there, self.modalities).astype(np.float32)

    def _corner(self, index: int, rng: Generator) -> tuple[int, Levels, int, int]:
        """Find the picture of an index, its number, and the upper left corner in it."""
        if self.per_picture is None:
            return self._anywhere(rng)
        turn, at = divmod(index, self.per_round)
        number, which = divmod(int(self._order(turn, self.per_picture)[at]), self.per_picture)
        image, count = self.images[number], self.per_picture
        corners = _remember(
            self._corners,
            (turn, number),
            4 * MIXED,
            lambda: maximin(
                (image.shape[0], image.shape[1]),
                side=self.side,
                count=count,
                rng=np.random.default_rng([self.seed, 2, turn, number]),
            ),
        )
        top, left = corners[which].tolist()
        return number, image, top, left

    def _anywhere(self, rng: Generator) -> tuple[int, Levels, int, int]:
        """Draw from all places of all pictures."""
        number = int(np.searchsorted(self._places, rng.integers(self._places[-1]), side="right"))
        image = self.images[number]
        spans = [n - self.side for n in image.shape[:2]]
        # Of a picture smaller than the patch there is one place, its middle.
        top, left = (int(rng.integers(span + 1)) if span >= 0 else span // 2 for span in spans)
        return number, image, top, left

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """Number the places of all pictures up to each."""
        grids = [self.source.grid(number) for number in range(len(self.source))]
        spans = np.maximum(np.array(grids, np.int64) - self.side, 0) + 1
        return np.cumsum(spans.prod(axis=1))

    def _locate(self, index: int, rng: Generator) -> tuple[int, Levels, Cut]:
        """Find the picture of an index, its number, and the place in it."""
        number, image, top, left = self._corner(index, rng)
        rows, cols = image.shape[:2]
        flipped = bool(rng.random() < self.augment.flip)
        turned, share = rng.random(), rng.uniform(-1, 1)
        degrees = share * self.augment.degrees
        # Drawn only if asked for, so that the patches of earlier runs stay what they were.
        upended, swapped = (
            bool(often and rng.random() < often) for often in (self.augment.upend, self.augment.diagonal)
        )
        reach = reach_px(self.side, degrees)
        # Moved inwards until the corners that turn in hold paint; where there is no room, left upright.
        spare = min(rows, cols) - self.side - 2 * reach
        if turned >= self.augment.turn or spare < 0:
            return number, image, Cut(top, left, flipped, 0.0, upended, swapped)
        top = min(max(top, reach), rows - self.side - reach)
        left = min(max(left, reach), cols - self.side - reach)
        return number, image, Cut(top, left, flipped, degrees, upended, swapped)

    def _order(self, turn: int, per_picture: int) -> Corners:
        """Return the order of a round: picture * per_picture + which of its patches."""

        def shuffled() -> Corners:
            rng = np.random.default_rng([self.seed, 1, turn])
            numbers = rng.permutation(len(self.source))
            blocks = [
                numbers[first : first + MIXED, None] * per_picture + np.arange(per_picture)
                for first in range(0, len(numbers), MIXED)
            ]
            return np.concatenate([rng.permutation(block.ravel()) for block in blocks])

        return _remember(self._orders, turn, 2, shuffled)


def _remember(kept: OrderedDict[_Key, _Made], key: _Key, room: int, make: Callable[[], _Made]) -> _Made:
    """Return what was made for a key, or make it; the oldest goes when there is no room."""
    if key not in kept:
        if len(kept) >= room:
            kept.popitem(last=False)
        kept[key] = make()
    return kept[key]


def _whole(index: int) -> int:
    if index < 0:
        raise IndexError(f"patches are numbered from 0, got {index}")
    return index
