"""A labeller by script: the same strokes for everyone, drawn from the truth, as someone would who corrects.

    first four strokes   in the middle of the widest losses, and of the widest sound paint, by turns
    further strokes      in the middle of the largest mistakes of the last answer, missed and false by turns

A stroke is straight, of 5 x 31 pixels at most: from the deepest place of a region it goes to both sides, in
the one of four directions in which it stays in damage, or in sound paint, the longest. Where nobody knows the
truth nothing is drawn.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LONGEST, HALF = 31, 2  # px of a stroke, and of half its width
PAINT, LOSS = 1, 2
APART = 24  # px from strokes of the same kind in the first round
BESIDE = 4  # px from them later: a mistake beside a stroke is no reason for another


class Labeller:
    """Draws strokes on one image.

    Args:
        lost: (H, W) bool.
        annotated: (H, W) bool, where the truth is known.

    Attributes:
        codes: (H, W) uint8, as `tratteggio.learn` takes them.
        drawn: strokes until now.
    """

    def __init__(self, lost: np.ndarray, annotated: np.ndarray) -> None:
        self.lost, self.annotated = lost & annotated, annotated
        self.codes = np.zeros(lost.shape, np.uint8)
        self.drawn = 0

    def draw(self, count: int, answer: np.ndarray | None) -> None:
        """Draw until there are `count` strokes.

        Args:
            count: strokes in all.
            answer: (H, W) bool, where losses were found last; None: nothing was answered yet.
        """
        sound = self.annotated & ~self.lost
        while self.drawn < count:
            kind = LOSS if self.drawn % 2 == 0 else PAINT
            truth = self.lost if kind == LOSS else sound
            mine = self.codes == kind
            free = truth & ~ndimage.binary_dilation(mine, iterations=APART)
            wrong = None
            if answer is not None:
                wrong = truth & (answer != (kind == LOSS)) & ~ndimage.binary_dilation(mine, iterations=BESIDE)
            self._stroke(
                next(one for one in (wrong, free, truth) if one is not None and one.any()), truth, kind
            )
            self.drawn += 1

    def _stroke(self, region: np.ndarray, truth: np.ndarray, kind: int) -> None:
        labels, count = ndimage.label(region)
        area = np.bincount(labels.ravel(), minlength=count + 1)
        area[0] = 0
        depth = ndimage.distance_transform_edt(np.pad(labels == area.argmax(), 1))[1:-1, 1:-1]
        middle = np.unravel_index(int(depth.argmax()), depth.shape)
        line = max((self._line(middle, step, truth) for step in STEPS), key=len)
        for row, col in line:
            brush = (slice(max(0, row - HALF), row + HALF + 1), slice(max(0, col - HALF), col + HALF + 1))
            self.codes[brush][truth[brush]] = kind

    def _line(
        self, middle: tuple[int, ...], step: tuple[int, int], truth: np.ndarray
    ) -> list[tuple[int, int]]:
        line = [(int(middle[0]), int(middle[1]))]
        for sign in (1, -1):
            row, col = line[0]
            for _ in range(LONGEST // 2):
                row, col = row + sign * step[0], col + sign * step[1]
                if not (0 <= row < truth.shape[0] and 0 <= col < truth.shape[1] and truth[row, col]):
                    break
                line.append((row, col))
        return line


STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
