"""The verbs: open, find damage, fill, look through filters. The only way in for command line and Python."""

from tratteggio.treatment.detecting import (
    detect,
    detect_file,
    lacunae_by_policy,
    read_damage,
    survey,
    surveyed_before,
    write_areas,
    write_cracks,
    write_damage,
)
from tratteggio.treatment.enhancing import enhance, enhance_file
from tratteggio.treatment.exporting import export
from tratteggio.treatment.inpainting import describe, inpaint, inpaint_file
from tratteggio.treatment.making import listed, make_detector, make_engine, make_enhancer, samplers
from tratteggio.treatment.memory import memory_plan
from tratteggio.treatment.opening import (
    open,  # noqa: A004 - reads as `tg.open`
    stack_of,
)
from tratteggio.treatment.reopening import reopen, reopen_samples, sample_file

__all__ = [
    "describe",
    "detect",
    "detect_file",
    "enhance",
    "enhance_file",
    "export",
    "inpaint",
    "inpaint_file",
    "lacunae_by_policy",
    "listed",
    "make_detector",
    "make_engine",
    "make_enhancer",
    "memory_plan",
    "open",
    "read_damage",
    "reopen",
    "reopen_samples",
    "sample_file",
    "samplers",
    "stack_of",
    "survey",
    "surveyed_before",
    "write_areas",
    "write_cracks",
    "write_damage",
]
