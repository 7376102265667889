"""Objectives by name, for recipes: what each can be given, and by which features it judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, NamedTuple

from tratteggio.errors import BadUsage
from tratteggio.losses.colours import ColourClasses, ColourDistance
from tratteggio.losses.entropy import CrossEntropy
from tratteggio.losses.finding import Finding
from tratteggio.losses.inpainting import DepthPsnrSsim, L1Ssim, LiuLoss, MseSsim, PosterLoss, PsnrSsim
from tratteggio.losses.lighting import Absolute, Curves, Illumination
from tratteggio.losses.perceptual import LIU_TAPS, POSTER_TAPS, FeatureNet
from tratteggio.losses.ssim import LogSsimLoss
from tratteggio.losses.terms import Objective
from tratteggio.losses.vae import VAE_TAPS, Elbo, PerceptualElbo
from tratteggio.options import Option, require_valid
from tratteggio.registry import unknown


class _Entry(NamedTuple):
    make: type[
        L1Ssim
        | MseSsim
        | PsnrSsim
        | DepthPsnrSsim
        | PosterLoss
        | LiuLoss
        | LogSsimLoss
        | CrossEntropy
        | Finding
        | ColourClasses
        | ColourDistance
        | Elbo
        | PerceptualElbo
        | Absolute
        | Illumination
        | Curves
    ]
    given: Mapping[str, float]
    """Options that the name stands for."""
    taps: tuple[str, ...] = ()
    """Layers of VGG16 by which it was published; none if it looks at pixels alone."""


_OBJECTIVES = {
    "l1": _Entry(L1Ssim, {"weight": 0.0}),
    "l1_ssim": _Entry(L1Ssim, {}),
    "mse": _Entry(MseSsim, {"weight": 0.0}),
    "mse_ssim": _Entry(MseSsim, {}),
    "psnr": _Entry(PsnrSsim, {"weight": 0.0}),
    "psnr_ssim": _Entry(PsnrSsim, {}),
    "depth_psnr_ssim": _Entry(DepthPsnrSsim, {}),
    "poster": _Entry(PosterLoss, {}, POSTER_TAPS),
    "liu": _Entry(LiuLoss, {}, LIU_TAPS),
    "log_ssim": _Entry(LogSsimLoss, {}),
    "cross_entropy": _Entry(CrossEntropy, {}),
    "finding": _Entry(Finding, {}),
    "colour_classes": _Entry(ColourClasses, {}),
    "colour_distance": _Entry(ColourDistance, {}),
    "elbo": _Entry(Elbo, {}),
    "elbo_perceptual": _Entry(PerceptualElbo, {}, VAE_TAPS),
    "absolute": _Entry(Absolute, {}),
    "illumination": _Entry(Illumination, {}),
    "curves": _Entry(Curves, {}),
}


def names() -> list[str]:
    """List the objectives that can be built by name, in alphabetical order."""
    return sorted(_OBJECTIVES)


def taps(name: str) -> tuple[str, ...]:
    """Return the layers of VGG16 that an objective was published with; () if it needs no feature net.

    Raises:
        UnknownName: no objective has that name.
    """
    return _entry(name).taps


def build(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    features: FeatureNet | None = None,
    modalities: Mapping[str, int] | None = None,
) -> Objective:
    """Build an objective by name.

    Args:
        name: one of `names()`.
        options: its attributes, such as {"weight": 0.2}; what is not set keeps its default.
        features: the frozen net by which it judges, if it needs one (see `taps`), on the device of the
            pictures.
        modalities: channels of each modality by name, in channel order, for objectives that judge them one by
            one; the others take the picture as a whole. None is RGB alone.

    Raises:
        UnknownName: no objective, or no option of it, has that name; the message gives the nearest and all.
        BadUsage: an option of another type, or a feature net where none is needed, or the reverse.

    Example:
        >>> build("mse_ssim", {"weight": 0.5})
        MseSsim(weight=0.5, judged='composite')
    """
    entry = _entry(name)
    chosen: dict[str, Any] = {**entry.given, **(options or {})}
    require_valid(name, chosen, {
        field.name: Option(type(field.default), field.default)
        for field in fields(entry.make)
        if field.default is not MISSING
    })  # fmt: skip
    if bool(entry.taps) != (features is not None):
        needs = "needs a feature net" if entry.taps else "looks at pixels alone and needs no feature net"
        raise BadUsage(f"the objective {name} {needs}, got {features.name if features else 'none'}")
    if features is not None:
        chosen["features"] = features
    if modalities is not None and entry.make is LogSsimLoss:
        chosen["modalities"] = modalities
    return entry.make(**chosen)


def _entry(name: str) -> _Entry:
    if name not in _OBJECTIVES:
        raise unknown("objective", name, _OBJECTIVES)
    return _OBJECTIVES[name]
