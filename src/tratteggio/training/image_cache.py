"""A cache of decoded images; those that cannot be decoded are left out, with a warning."""

from __future__ import annotations

import logging
from collections import OrderedDict

from tratteggio.errors import UnreadableFile
from tratteggio.training.sources import Levels, Source, require_few

log = logging.getLogger("tratteggio")


class ImageCache:
    """The images of a source, decoded when first asked for and kept while the cache has space.

    For an image that cannot be decoded there is one warning, and the next one that can takes its place.

    Args:
        source: the images.
        mib: memory for decoded images; the last one asked for is kept in any case.
    """

    def __init__(self, source: Source, *, mib: float) -> None:
        self.source, self.mib = source, mib
        self._kept: OrderedDict[int, Levels] = OrderedDict()
        self._failed: set[int] = set()

    def __getstate__(self) -> dict[str, object]:
        """Travel to other processes without images."""
        return {**self.__dict__, "_kept": OrderedDict()}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the images that could not be opened or decoded so far."""
        return (*self.source.unreadable, *(self.source.name(number) for number in sorted(self._failed)))

    @property
    def kept_bytes(self) -> int:
        """Bytes of the images that are kept now."""
        return sum(image.nbytes for image in self._kept.values())

    def __getitem__(self, number: int) -> Levels:
        """Return image `number`, or the next one that can be decoded: (H, W, C) uint8.

        Raises:
            UnreadableFile: more than 5 % of the images cannot be decoded.
        """
        while number in self._failed:
            number = (number + 1) % len(self.source)
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        try:
            image = self.source.read(number)
        except UnreadableFile as error:
            log.warning("%s; the image is left out", error)
            self._failed.add(number)
            require_few(self.unreadable, total=len(self.source) + len(self.source.unreadable))
            return self[number]
        space = self.mib * 2**20 - image.nbytes
        while self._kept and self.kept_bytes > space:
            self._kept.popitem(last=False)
        self._kept[number] = image
        return image
