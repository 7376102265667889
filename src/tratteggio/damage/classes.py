"""Classes of damage: the colour of each, and its default policy."""

from __future__ import annotations

from typing import NamedTuple

from tratteggio.options import pairs
from tratteggio.painting.legend import BACKGROUND, LEGEND, Colour
from tratteggio.registry import unknown

POLICIES = ("fill", "keep")


class Kind(NamedTuple):
    """A class of damage.

    Attributes:
        colour: in maps and strokes, (red, green, blue) of 0 .. 255.
        policy: "fill": it is a lacuna; "keep": it belongs to the painting, or an expert has to decide.
    """

    colour: Colour
    policy: str


# Where classes overlap, maps show the first of them.
CLASSES: dict[str, Kind] = {
    "loss": Kind(LEGEND["loss"].colour, "fill"),
    "scratch": Kind(LEGEND["scratch"].colour, "fill"),
    "crack": Kind(LEGEND["crack"].colour, "keep"),
    "stain": Kind(LEGEND["stain"].colour, "keep"),
    "overpaint": Kind(LEGEND["overpaint"].colour, "keep"),
}
PALETTE = (BACKGROUND, *(kind.colour for kind in CLASSES.values()))


def index_of(name: str) -> int:
    """Return the number of a class in maps; 0 is sound paint.

    Raises:
        UnknownName: no such class.
    """
    if name not in CLASSES:
        raise unknown("class of damage", name, CLASSES)
    return list(CLASSES).index(name) + 1


def policies(text: str | None = None) -> dict[str, str]:
    """Read the policy of each class from a text; classes that it does not name keep their default.

    Args:
        text: CLASS=fill or CLASS=keep, separated by commas; None: all defaults.

    Raises:
        UnknownName: no such class or policy; the message gives the nearest and all.
        BadUsage: another form, or a class that is named twice.

    Example:
        >>> policies("crack=fill")["crack"], policies()["loss"]
        ('fill', 'fill')
    """
    form = "policies are CLASS=fill or CLASS=keep, separated by commas"
    chosen = pairs(text, owner="policy", form=form) if text else {}
    for name, policy in chosen.items():
        index_of(name)
        if policy not in POLICIES:
            raise unknown("policy", policy, POLICIES)
    return {name: chosen.get(name, kind.policy) for name, kind in CLASSES.items()}
