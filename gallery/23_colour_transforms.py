"""Colour transforms: luma and differences, hue and saturation, balance.

Red, green and blue vary together. Other axes separate how bright a pixel is from what colour it has: luma
and two differences (as in JPEG), or hue, saturation and value. Nets of this package see lightness alone,
opponent colours or luma, and filters can work on one axis.

Sources: Szeliski 2022, section 2.3.2; ITU-R BT.601; Smith 1978; Buchsbaum 1980.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import from_hsv, from_ycbcr, gaussian, grey_world, saturation, to_hsv, to_ycbcr
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    rgb = example.panel(seed=3, motif="landscape").painted.read() / 255
    planes = to_ycbcr(rgb)
    for number, name in enumerate(("Luma", "Blue less luma; grey is 0", "Red less luma; grey is 0")):
        example.show(planes[..., number] + 0.5 * (number > 0), name)
    hsv = to_hsv(rgb)
    for number, name in enumerate(("Hue", "Saturation", "Value")):
        example.show(hsv[..., number], name)
    turned = hsv.copy()
    turned[..., 0] = (turned[..., 0] + 1 / 3) % 1
    example.show(from_hsv(turned), "Hues turned by a third of the circle")
    example.show(saturation(rgb, gain=2.0), "Twice as vivid, luma kept")
    yellowed = rgb * np.array([1.0, 0.85, 0.55])
    example.show(yellowed, "Under a yellow varnish")
    example.show(grey_world(yellowed), "Balanced: means of the three are equal")

    blurred = planes.copy()
    blurred[..., 1:] = gaussian(planes[..., 1:], sigma=3)
    luma = np.concatenate([gaussian(planes[..., :1], sigma=3), planes[..., 1:]], axis=2)
    example.table(
        ["Blurred with sigma 3", "PSNR (dB)"],
        [
            [name, float(psnr(rgb, from_ycbcr(image).clip(0, 1), data_range=1.0))]
            for name, image in (("The two colours", blurred), ("Luma", luma))
        ],
    )
    example.check("pure red: luma", float(to_ycbcr(np.array([[[1.0, 0, 0]]]))[0, 0, 0]), 0.299, within=1e-9)
    example.check("pure green: hue", float(to_hsv(np.array([[[0, 1.0, 0]]]))[0, 0, 0]), 1 / 3, within=1e-9)
    back = float(np.abs(from_hsv(hsv) - rgb).max())
    example.check("largest difference after hue, saturation, value and back", back, 0.0, within=1e-9)


if __name__ == "__main__":
    build(Path(__file__))
