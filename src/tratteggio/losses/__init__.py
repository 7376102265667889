"""Training objectives: pure functions on tensors, one file per family, weights and scales as published."""

from typing import NoReturn

from tratteggio.losses._catalogue import build, names, taps
from tratteggio.losses.colours import ColourClasses, ColourDistance, WeighedClasses
from tratteggio.losses.entropy import CrossEntropy, cross_entropy
from tratteggio.losses.inpainting import (
    DepthPsnrSsim,
    L1Ssim,
    LiuLoss,
    MseSsim,
    PosterLoss,
    PsnrSsim,
    composite,
    depth_levels,
    error_level,
    l1_known,
    l1_lost,
    mse,
    total_variation,
)
from tratteggio.losses.lighting import (
    Absolute,
    Curved,
    Curves,
    Illumination,
    Lit,
    contrast_kept,
    grey_world,
    hue,
    smoothness,
    well_exposed,
)
from tratteggio.losses.perceptual import (
    LIU_TAPS,
    POSTER_TAPS,
    TORCHVISION_SHA256,
    FeatureNet,
    Vgg16,
    content,
    frozen,
    gram,
    style,
    vgg16,
)
from tratteggio.losses.ssim import LogSsimLoss, dssim_loss, grey, log_ssim_loss, ssim, ssim_map
from tratteggio.losses.terms import Objective, Terms
from tratteggio.losses.vae import VAE_TAPS, Elbo, PerceptualElbo, Sampled, divergence, sample_gaussian
from tratteggio.renamed import refuse_former

__all__ = [
    "LIU_TAPS",
    "POSTER_TAPS",
    "TORCHVISION_SHA256",
    "VAE_TAPS",
    "Absolute",
    "ColourClasses",
    "ColourDistance",
    "CrossEntropy",
    "Curved",
    "Curves",
    "DepthPsnrSsim",
    "Elbo",
    "FeatureNet",
    "Illumination",
    "L1Ssim",
    "Lit",
    "LiuLoss",
    "LogSsimLoss",
    "MseSsim",
    "Objective",
    "PerceptualElbo",
    "PosterLoss",
    "PsnrSsim",
    "Sampled",
    "Terms",
    "Vgg16",
    "WeighedClasses",
    "build",
    "composite",
    "content",
    "contrast_kept",
    "cross_entropy",
    "depth_levels",
    "divergence",
    "dssim_loss",
    "error_level",
    "frozen",
    "gram",
    "grey",
    "grey_world",
    "hue",
    "l1_known",
    "l1_lost",
    "log_ssim_loss",
    "mse",
    "names",
    "sample_gaussian",
    "smoothness",
    "ssim",
    "ssim_map",
    "style",
    "taps",
    "total_variation",
    "vgg16",
    "well_exposed",
]


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, {"drawn": "sample_gaussian"})
