"""Connected components and template matching: pieces counted, a pattern found.

Lost pixels that touch are one lacuna: label the pieces, and each has an area and a centre. Template
    matching slides
a small picture over a large one and correlates: 1 is a place that is alike but for brightness and contrast.

Source: Szeliski 2022, sections 3.3.4 and 9.1.1; Lewis 1995.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import brightness, drop_small, find_components, gaussian_noise, match_template


def show(example: Example) -> None:
    panel = example.panel()
    lost = panel.lacunae.read()
    found = find_components(lost)
    shades = np.random.default_rng(1).uniform(0.25, 1, (len(found.areas) + 1, 3))
    shades[0] = 0
    example.show(shades[found.labels], f"{len(found.areas)} lacunae, a colour each")
    example.show(drop_small(lost.astype(np.uint8) * 255, area=12), "Those of 12 pixels and more")
    largest = np.argsort(found.areas)[::-1][:5]
    example.table(
        ["Lacuna", "Pixels", "Row", "Column"],
        [
            [number + 1, int(found.areas[k]), *(round(float(c)) for c in found.centres[k])]
            for number, k in enumerate(largest)
        ],
    )
    example.check("pixels of all pieces", int(found.areas.sum()), int(lost.sum()))

    paint = panel.painted.read()
    side = example.side // 8
    row, col = example.side // 3, example.side // 2
    part = paint[row : row + side, col : col + side]
    taken = gaussian_noise(brightness(paint, by=-0.1), sigma=0.05)
    scores = match_template(taken, part)
    example.show(part, "A part of the panel")
    example.show((scores + 1) / 2, "How alike each place is, in a darker, noisy photograph")
    example.check(
        "row and column where it is found", np.unravel_index(scores.argmax(), scores.shape), [row, col]
    )


if __name__ == "__main__":
    build(Path(__file__))
