"""The colours of damage: one table for damage maps, strokes, overlays and reports."""

from __future__ import annotations

from typing import NamedTuple

Colour = tuple[int, int, int]


class Entry(NamedTuple):
    """How something is coloured.

    Attributes:
        colour: (red, green, blue) of 0 .. 255, in maps, strokes and overlays.
        name: of the colour, in messages.
        also: other colours that a stroke may have, because image editors offer them.
    """

    colour: Colour
    name: str
    also: tuple[Colour, ...] = ()

    @property
    def hex(self) -> str:
        """#rrggbb."""
        return "#" + "".join(f"{level:02x}" for level in self.colour)


LEGEND: dict[str, Entry] = {
    "paint": Entry((0, 160, 80), "green"),
    "loss": Entry((220, 30, 40), "red", ((255, 0, 0),)),
    "scratch": Entry((0, 150, 230), "blue"),
    "crack": Entry((255, 210, 0), "yellow", ((255, 255, 0),)),
    "stain": Entry((140, 90, 40), "brown"),
    "overpaint": Entry((160, 60, 200), "violet"),
    "lacuna": Entry((226, 0, 122), "magenta"),
}
"""Sound paint, the classes of damage, and what is filled, of any class."""

BACKGROUND: Colour = (0, 0, 0)
"""Of maps: nothing is marked here, so the paint is sound."""

FORMER_STROKES: dict[Colour, str] = {
    (0, 0, 255): "paint",
    (0, 255, 0): "crack",
    (0, 255, 255): "crack",
}
"""Former colours of strokes and their meaning. They are refused: in damage maps, blue means scratch."""


def describe_colour(name: str) -> str:
    """Return the colour of an entry for a message.

    Example:
        >>> describe_colour("paint")
        'green #00a050'
    """
    entry = LEGEND[name]
    return f"{entry.name} {entry.hex}"
