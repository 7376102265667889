"""Kinds of examination, by the names that their scans have in a stack. A new one is one entry here.

A stack takes other names too. Nothing is known of such a scan, so that only what takes any scan uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAIN = "rgb"  # the scan that is filled, if it is there
BEFORE = "rgb_before"  # the name of `MAIN` for nets that know states of a treatment


@dataclass(frozen=True)
class Modality:
    """What is known of one kind of examination.

    Attributes:
        title: in words, for messages.
        channels: of a usual scan: 3 in colour, 1 in grey.
        visible: taken in visible light.
        spellings: other names that users give it, in lower case, with "_" for "-".
        trained: the nets of the package that read several scans were trained with it. They know these
            modalities in the order of the table, so a new one has False until a net is trained with it.
        later_paint: how paint that was added later differs from what the visible colours lead to expect:
            "either" way, only "darker", or None if it need not differ.
    """

    title: str
    channels: int
    visible: bool = False
    spellings: tuple[str, ...] = ()
    trained: bool = False
    later_paint: Literal["either", "darker"] | None = None


MODALITIES = {
    MAIN: Modality("visible light", 3, visible=True, spellings=("vis", "visible", "color", "colour")),
    BEFORE: Modality("visible light before treatment", 3, visible=True, trained=True),
    "rgb_during": Modality("visible light during treatment", 3, visible=True, trained=True),
    "irr": Modality(
        "infrared", 1, spellings=("ir", "infrared", "nir"), trained=True, later_paint="either"
    ),  # infrared passes through the upper paint to the drawing
    "xray": Modality("X-ray", 1, spellings=("x_ray", "x", "xr", "xrr"), trained=True),
    "uvf": Modality("ultraviolet", 3, spellings=("uv",), trained=True, later_paint="darker"),
}  # fmt: skip


def name_meant(name: str) -> str | None:
    """Return the modality that a name is another spelling of, or None.

    Example:
        >>> name_meant("X-Ray"), name_meant("irr")
        ('xray', None)
    """
    folded = name.lower().replace("-", "_")
    meant = {spelling: name for name, one in MODALITIES.items() for spelling in one.spellings}
    return meant.get(folded) or meant.get(folded.replace("_", ""))
