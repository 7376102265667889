"""Classical image processing on arrays: thin over SciPy and OpenCV, at the depth of the picture.

Every filter takes (H, W) or (H, W, C) and works on channels one by one, alpha too if it is given one; an
array comes back like the one that went in. `tratteggio.enhance` lays chains of them over scans of any size.
"""

from tratteggio.filters._window import Border
from tratteggio.filters.diffusion import diffuse
from tratteggio.filters.edges import band_pass, closing, dilate, distance, erode, opening, sobel, steerable
from tratteggio.filters.frequency import hybrid, sigma_at, spectrum, strip
from tratteggio.filters.noise import gaussian_noise, impulse, salt_and_pepper
from tratteggio.filters.point import brightness, clahe, composite, contrast, equalise, gamma, histogram, matte
from tratteggio.filters.pyramids import (
    blend,
    collapsed,
    expanded,
    gaussian_pyramid,
    laplacian_pyramid,
    reduced,
)
from tratteggio.filters.smooth import (
    bilateral,
    box,
    correlate,
    gaussian,
    median,
    non_local_means,
    weighted,
    wiener,
)

__all__ = [
    "Border",
    "band_pass",
    "bilateral",
    "blend",
    "box",
    "brightness",
    "clahe",
    "closing",
    "collapsed",
    "composite",
    "contrast",
    "correlate",
    "diffuse",
    "dilate",
    "distance",
    "equalise",
    "erode",
    "expanded",
    "gamma",
    "gaussian",
    "gaussian_noise",
    "gaussian_pyramid",
    "histogram",
    "hybrid",
    "impulse",
    "laplacian_pyramid",
    "matte",
    "median",
    "non_local_means",
    "opening",
    "reduced",
    "salt_and_pepper",
    "sigma_at",
    "sobel",
    "spectrum",
    "steerable",
    "strip",
    "weighted",
    "wiener",
]
