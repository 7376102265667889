"""What a picture says of itself: that parts of it were made by an algorithm (XMP, DigitalSourceType).

Source: IPTC Photo Metadata Standard 2023.1, property Digital Source Type, and the NewsCodes that it takes
(cv.iptc.org/newscodes/digitalsourcetype, 2024-10-23). Their definitions decide:

- `compositeWithTrainedAlgorithmicMedia`: augmentation, correction or enhancement using a generative model,
  such as inpainting. For engines and enhancers with trained weights.
- `algorithmicallyEnhanced`: modification or correction by an algorithm without changing the main content,
  initiated or configured by a human. For all others.

`compositeSynthetic` is not used: since September 2024 it means a composite with elements of a generative
model. Nor is `algorithmicMedia`: that is made purely by an algorithm, and the paint of a scan is not.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tratteggio.files.xmp_properties import EMPTY, Property, get_property, other_properties, set_property
from tratteggio.painting import Metadata

log = logging.getLogger("tratteggio")

TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LEARNT = TERMS + "compositeWithTrainedAlgorithmicMedia"
COMPUTED = TERMS + "algorithmicallyEnhanced"
# What a source says already that a later step by rule cannot take back: a trained model had a part in it.
STRONGER = (LEARNT, TERMS + "trainedAlgorithmicMedia", TERMS + "compositeSynthetic")
SOURCE_TYPE = Property("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt", "DigitalSourceType")


def source_type(history: Mapping[str, Any]) -> str | None:
    """Return the term for a picture of this history; None if the history does not say how it was made.

    Example:
        >>> source_type({"engine": {"name": "telea", "learnt": False}}).rpartition("/")[2]
        'algorithmicallyEnhanced'
    """
    made_by = [history["engine"]] if "engine" in history else list(history.get("hypothesis", ()))
    stated = [step["learnt"] for step in made_by if "learnt" in step]
    if not stated:
        return None
    return LEARNT if any(stated) else COMPUTED


def state_source_type(metadata: Metadata, history: Mapping[str, Any], *, name: str) -> Metadata:
    """Return metadata whose XMP says how the picture was made; all else in the packet is kept.

    Args:
        metadata: of the source.
        history: of the picture. One of an earlier version does not say whether the engine was trained; then
            nothing is stated.
        name: of the source, for the note on a packet that is damaged and therefore kept byte by byte.
    """
    term = source_type(history)
    if term is None:
        return metadata
    if metadata.xmp and get_property(metadata.xmp, SOURCE_TYPE) in STRONGER:
        return metadata
    packet = set_property(metadata.xmp or EMPTY, SOURCE_TYPE, term)
    if packet is None:
        log.warning(
            "The XMP of %s is damaged. It is kept byte by byte, so the output does not state "
            "DigitalSourceType.",
            name,
        )
        return metadata
    return replace(metadata, xmp=packet)


def same_but_for_source_type(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two packets have the same properties, if that statement is left aside."""
    if one == other:
        return True
    properties = other_properties(one, SOURCE_TYPE)
    return properties is not None and properties == other_properties(other, SOURCE_TYPE)
