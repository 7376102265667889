"""What nets respond to: filters, strongest patches, projections, occlusion.

The first filters of a net are small images. Deeper features are shown by the patches that activate them most,
and by the projection of a deconvolutional net onto these patches. A grey square that moves over the image
shows which pixels the output depends on. `tratteggio explain` makes such a page for any net.

Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build


def row(images: list[np.ndarray]) -> np.ndarray:
    """Put images side by side, enlarged to about 64 px, floats stretched with 0 as grey."""
    shown = []
    for image in images:
        stretched = 127.5 + 127.5 * image / max(1e-9, np.abs(image).max())
        tile = image if image.dtype == np.uint8 else stretched
        times = max(1, 64 // tile.shape[0])
        shown.append(
            np.pad(tile.repeat(times, 0).repeat(times, 1), ((2, 2), (2, 2), (0, 0)), constant_values=141)
        )
    return np.concatenate(shown, axis=1).astype(np.uint8)


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    found = tg.explain("descriptor-v32", paint, layer="encoder.4")
    (filters,) = found.filters.values()
    example.show(
        row([one.transpose(1, 2, 0) for one in filters[:12]]),
        "The first filters of descriptor-v32",
        wide=True,
    )
    close = found.shown[0]
    example.check("receptive field of the third convolution 3 x 3, in pixels", close.field.rows.size, 7)
    for feature in close.features[:4]:
        patches = row([patch.paint for patch in feature.patches])
        projections = row([patch.projection for patch in feature.patches])
        caption = f"Feature {feature.number}: the strongest patches, and their projections"
        example.show(np.concatenate([patches, projections]), caption, wide=True)
    change = found.occlusion.change
    top, left = ((side - part) // 2 for side, part in zip(paint.shape, change.shape, strict=False))
    middle = paint[top : top + change.shape[0], left : left + change.shape[1]]
    example.show(middle.repeat(2, axis=0).repeat(2, axis=1), "The centre of a panel")
    shown = (change / change.max()).repeat(2, axis=0).repeat(2, axis=1)
    example.show(shown, "Change of its latent code if a place is hidden: bright is a large change")


if __name__ == "__main__":
    build(Path(__file__))
