"""Classes of damage: the colour of each, and what is done about it unless the user says otherwise."""

from __future__ import annotations

from typing import NamedTuple

from tratteggio.options import pairs
from tratteggio.registry import unknown

POLICIES = ("fill", "keep")


class Kind(NamedTuple):
    """What is known of a class.

    Attributes:
        colour: in maps, (red, green, blue) of 0 .. 255.
        policy: "fill": it is a lacuna; "keep": it belongs to the painting, or an expert has to decide.
    """

    colour: tuple[int, int, int]
    policy: str


# Where classes lie over each other the first of them is shown.
CLASSES: dict[str, Kind] = {
    "loss": Kind((220, 30, 40), "fill"),
    "scratch": Kind((0, 150, 230), "fill"),
    "crack": Kind((255, 210, 0), "keep"),
    "stain": Kind((140, 90, 40), "keep"),
    "overpaint": Kind((160, 60, 200), "keep"),
}
SOUND = (0, 0, 0)
PALETTE = (SOUND, *(kind.colour for kind in CLASSES.values()))


def index_of(name: str) -> int:
    """Return the number of a class in maps; 0 is sound paint.

    Raises:
        UnknownName: no such class.
    """
    if name not in CLASSES:
        raise unknown("class of damage", name, CLASSES)
    return list(CLASSES).index(name) + 1


def policies(text: str | None = None) -> dict[str, str]:
    """Read what is to be done about each class, as the command line takes it; others keep their default.

    Args:
        text: CLASS=fill or CLASS=keep, separated by commas; None: all defaults.

    Raises:
        UnknownName: no such class or policy; the message gives the nearest and all.
        BadUsage: not of that form, or a class that is told twice.

    Example:
        >>> policies("crack=fill")["crack"], policies()["loss"]
        ('fill', 'fill')
    """
    form = "policies are CLASS=fill or CLASS=keep, separated by commas"
    told = pairs(text, owner="policy", form=form) if text else {}
    for name, policy in told.items():
        index_of(name)
        if policy not in POLICIES:
            raise unknown("policy", policy, POLICIES)
    return {name: told.get(name, kind.policy) for name, kind in CLASSES.items()}
