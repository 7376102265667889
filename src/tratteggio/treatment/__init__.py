"""The functions behind the commands: open, detect, inpaint, enhance, reopen, export, publish."""

from typing import NoReturn

from tratteggio.renamed import refuse_former
from tratteggio.treatment.choosing import Choice
from tratteggio.treatment.damage_files import (
    detect_file,
    is_surveyed,
    lacunae_by_policy,
    read_damage,
    write_damage,
)
from tratteggio.treatment.damage_tables import write_areas, write_cracks
from tratteggio.treatment.detecting import detect, survey
from tratteggio.treatment.doubts import find_doubts
from tratteggio.treatment.enhancing import enhance, enhance_file
from tratteggio.treatment.exporting import export
from tratteggio.treatment.fill_options import FillOptions
from tratteggio.treatment.filling_file import inpaint_file
from tratteggio.treatment.inpainting import describe, inpaint
from tratteggio.treatment.making import list_available, make_detector, make_engine, make_enhancer, samplers
from tratteggio.treatment.memory import memory_plan
from tratteggio.treatment.opening import (
    open,  # noqa: A004 - reads as `tg.open`
    stack_of,
)
from tratteggio.treatment.overlay import draw_overlay, write_overlay
from tratteggio.treatment.publish_options import PublishOptions
from tratteggio.treatment.publishing import publish
from tratteggio.treatment.reopening import reopen, reopen_samples, sample_file

__all__ = [
    "Choice",
    "FillOptions",
    "PublishOptions",
    "describe",
    "detect",
    "detect_file",
    "draw_overlay",
    "enhance",
    "enhance_file",
    "export",
    "find_doubts",
    "inpaint",
    "inpaint_file",
    "is_surveyed",
    "lacunae_by_policy",
    "list_available",
    "make_detector",
    "make_engine",
    "make_enhancer",
    "memory_plan",
    "open",
    "publish",
    "read_damage",
    "reopen",
    "reopen_samples",
    "sample_file",
    "samplers",
    "stack_of",
    "survey",
    "write_areas",
    "write_cracks",
    "write_damage",
    "write_overlay",
]


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, {"listed": "list_available", "surveyed_before": "is_surveyed"})
