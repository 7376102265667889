"""Classical image processing on arrays: thin over SciPy and OpenCV, at the depth of the picture.

Every filter takes (H, W) or (H, W, C) and works on channels one by one, alpha too if it is given one; an
array comes back like the one that went in. `tratteggio.enhance` lays chains of them over scans of any size.
"""

from tratteggio.filters._window import Border
from tratteggio.filters.colour import from_hsv, from_ycbcr, grey_world, saturation, to_hsv, to_ycbcr
from tratteggio.filters.colouring import Reference, guide, match_colours, spread_colours
from tratteggio.filters.components import Components, drop_small, find_components
from tratteggio.filters.diffusion import diffuse
from tratteggio.filters.edges import band_pass, closing, dilate, distance, erode, opening, sobel, steerable
from tratteggio.filters.frames import average
from tratteggio.filters.frequency import hybrid, sigma_at, spectrum, strip
from tratteggio.filters.joining import blend_across, coarse, laplacian, lay_over
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
from tratteggio.filters.resampling import decimate, resample
from tratteggio.filters.restoration import fourier_wiener
from tratteggio.filters.sharpen import unsharp
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
from tratteggio.filters.template import match_template
from tratteggio.filters.wavelets import haar, starlet, unhaar, wavelet

__all__ = [
    "Border",
    "Components",
    "Reference",
    "average",
    "band_pass",
    "bilateral",
    "blend",
    "blend_across",
    "box",
    "brightness",
    "clahe",
    "closing",
    "coarse",
    "collapsed",
    "composite",
    "contrast",
    "correlate",
    "decimate",
    "diffuse",
    "dilate",
    "distance",
    "drop_small",
    "equalise",
    "erode",
    "expanded",
    "find_components",
    "fourier_wiener",
    "from_hsv",
    "from_ycbcr",
    "gamma",
    "gaussian",
    "gaussian_noise",
    "gaussian_pyramid",
    "grey_world",
    "guide",
    "haar",
    "histogram",
    "hybrid",
    "impulse",
    "laplacian",
    "laplacian_pyramid",
    "lay_over",
    "match_colours",
    "match_template",
    "matte",
    "median",
    "non_local_means",
    "opening",
    "reduced",
    "resample",
    "salt_and_pepper",
    "saturation",
    "sigma_at",
    "sobel",
    "spectrum",
    "spread_colours",
    "starlet",
    "steerable",
    "strip",
    "to_hsv",
    "to_ycbcr",
    "unhaar",
    "unsharp",
    "wavelet",
    "weighted",
    "wiener",
]
