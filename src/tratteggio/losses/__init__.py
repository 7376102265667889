"""Training objectives: pure functions on tensors, one file per family, weights and scales as published."""

from tratteggio.losses._catalogue import build, names, taps
from tratteggio.losses.entropy import CrossEntropy, cross_entropy
from tratteggio.losses.inpainting import (
    L1Ssim,
    LiuLoss,
    MseSsim,
    PosterLoss,
    PsnrSsim,
    composite,
    error_level,
    l1_known,
    l1_lost,
    mse,
    total_variation,
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

__all__ = [
    "LIU_TAPS",
    "POSTER_TAPS",
    "TORCHVISION_SHA256",
    "CrossEntropy",
    "FeatureNet",
    "L1Ssim",
    "LiuLoss",
    "LogSsimLoss",
    "MseSsim",
    "Objective",
    "PosterLoss",
    "PsnrSsim",
    "Terms",
    "Vgg16",
    "build",
    "composite",
    "content",
    "cross_entropy",
    "dssim_loss",
    "error_level",
    "frozen",
    "gram",
    "grey",
    "l1_known",
    "l1_lost",
    "log_ssim_loss",
    "mse",
    "names",
    "ssim",
    "ssim_map",
    "style",
    "taps",
    "total_variation",
    "vgg16",
]
