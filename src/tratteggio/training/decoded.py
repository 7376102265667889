"""Decoded pictures, kept while there is room; those that cannot be decoded are left out and told of."""

from __future__ import annotations

import logging
from collections import OrderedDict

from tratteggio.errors import UnreadableFile
from tratteggio.training.sources import Levels, Source, require_few

log = logging.getLogger("tratteggio")


class Decoded:
    """The pictures of a source, decoded when first asked for and kept while there is room.

    A picture that cannot be decoded is told of once, and the next one that can takes its place.

    Args:
        source: the pictures.
        mib: room for decoded pictures; the last one asked for is kept in any case.
    """

    def __init__(self, source: Source, *, mib: float) -> None:
        self.source, self.mib = source, mib
        self._kept: OrderedDict[int, Levels] = OrderedDict()
        self._failed: set[int] = set()

    def __getstate__(self) -> dict[str, object]:
        """Travel to other processes without pictures."""
        return {**self.__dict__, "_kept": OrderedDict()}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the pictures that could not be opened or decoded so far."""
        return (*self.source.unreadable, *(self.source.name(number) for number in sorted(self._failed)))

    @property
    def kept_bytes(self) -> int:
        """Room taken up now."""
        return sum(picture.nbytes for picture in self._kept.values())

    def __getitem__(self, number: int) -> Levels:
        """Return picture `number`, or the next one that can be decoded: (H, W, C) uint8.

        Raises:
            UnreadableFile: more than 5 % of the pictures cannot be decoded.
        """
        while number in self._failed:
            number = (number + 1) % len(self.source)
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        try:
            picture = self.source.read(number)
        except UnreadableFile as error:
            log.warning("%s; the picture is left out", error)
            self._failed.add(number)
            require_few(self.unreadable, total=len(self.source) + len(self.source.unreadable))
            return self[number]
        room = self.mib * 2**20 - picture.nbytes
        while self._kept and self.kept_bytes > room:
            self._kept.popitem(last=False)
        self._kept[number] = picture
        return picture
