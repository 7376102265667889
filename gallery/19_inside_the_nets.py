"""Inside the nets: filters, what makes a feature answer, what an answer hangs on.

The first filters of a net are small pictures. Deeper features are seen by the patches that they answer most
to, and by what a deconvolutional net sends back to them. A grey square that slides over the picture shows
what the answer hangs on. `tratteggio explain` makes a page of all that for any net.

Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from wall import Wall, build


def row(pictures: list[np.ndarray]) -> np.ndarray:
    """Set pictures beside each other, enlarged to about 64 px, floats stretched with 0 as grey."""
    shown = []
    for picture in pictures:
        stretched = 127.5 + 127.5 * picture / max(1e-9, np.abs(picture).max())
        tile = picture if picture.dtype == np.uint8 else stretched
        times = max(1, 64 // tile.shape[0])
        shown.append(
            np.pad(tile.repeat(times, 0).repeat(times, 1), ((2, 2), (2, 2), (0, 0)), constant_values=141)
        )
    return np.concatenate(shown, axis=1).astype(np.uint8)


def hang(wall: Wall) -> None:
    paint = wall.panel().painted.read()
    found = tg.explain("descriptor-v32", paint, layer="encoder.4")
    (filters,) = found.filters.values()
    wall.hang(
        row([one.transpose(1, 2, 0) for one in filters[:12]]),
        "The first filters of descriptor-v32",
        wide=True,
    )
    close = found.shown[0]
    wall.check("the third convolution 3 x 3 sees, in pixels", close.field.rows.size, 7)
    for feature in close.features[:4]:
        patches = row([patch.paint for patch in feature.patches])
        projections = row([patch.projection for patch in feature.patches])
        caption = (
            f"Where feature {feature.number} answers most: exactly what it saw, and what is sent back to it"
        )
        wall.hang(np.concatenate([patches, projections]), caption, wide=True)
    change = found.occlusion.change
    top, left = ((side - part) // 2 for side, part in zip(paint.shape, change.shape, strict=False))
    middle = paint[top : top + change.shape[0], left : left + change.shape[1]]
    wall.hang(middle.repeat(2, axis=0).repeat(2, axis=1), "The middle of a panel")
    shown = (change / change.max()).repeat(2, axis=0).repeat(2, axis=1)
    wall.hang(shown, "How much its code changes if a place is hidden: bright is much")


if __name__ == "__main__":
    build(Path(__file__))
