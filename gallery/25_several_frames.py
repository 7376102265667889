"""Several frames: their average has less noise.

Noise of one frame is independent of that of the next. The average of n frames has 1 / sqrt(n) of the noise:
16 frames under ultraviolet are as quiet as one with a quarter of the sigma. The median leaves out what
one frame alone shows, such as a passing reflection.

Source: Szeliski 2022, section 10.2; the lecture's "average of several images".
"""

from pathlib import Path

from example import Example, build
from tratteggio.filters import average, gaussian_noise


def show(example: Example) -> None:
    truth = example.panel().painted.read() / 255
    frames = [gaussian_noise(truth, sigma=0.15, seed=k) for k in range(16)]
    example.show(frames[0], "One frame, sigma 0.15")
    rows = []
    for count in (2, 4, 16):
        mean = average(frames[:count])
        example.show(mean, f"The average of {count}")
        left = float((mean - truth).std())
        rows.append([count, left, 0.15 / count**0.5])
        example.check(f"noise left of {count}", left, round(0.15 / count**0.5, 3), within=0.003)
    example.table(["Frames", "Noise left", "0.15 / sqrt(n)"], rows)
    spot = [frame.copy() for frame in frames[:5]]
    spot[2][example.side // 4 : example.side // 3, example.side // 4 : example.side // 2] = 1
    example.show(average(spot), "Five, one with a reflection: the average shows it")
    example.show(average(spot, middle=True), "Their median does not")


if __name__ == "__main__":
    build(Path(__file__))
