"""Medians, bilateral filters, non-local means: noise away, edges kept.

A median throws single wild pixels out, where a mean smears them. A bilateral filter averages only what is
alike; non-local means look for like patches further away. PSNR = 10 log10(white² / MSE), higher is closer to
the panel.
"""

from pathlib import Path

from tratteggio.filters import (
    bilateral,
    gaussian,
    gaussian_noise,
    median,
    non_local_means,
    salt_and_pepper,
    wiener,
)
from tratteggio.metrics import psnr
from wall import Wall, build


def hang(wall: Wall) -> None:
    paint = wall.panel(motif="still life").painted.read()
    wild, soft = salt_and_pepper(paint, share=0.05), gaussian_noise(paint, sigma=0.06)
    rows = []
    for name, noisy in (("salt and pepper", wild), ("Gaussian", soft)):
        wall.hang(noisy, f"Noise: {name}")
        answers = {
            "Gaussian, sigma 1": gaussian(noisy, sigma=1),
            "median 3 x 3": median(noisy, size=3),
            "bilateral": bilateral(noisy, sigma=2, likeness=0.15),
            "non-local means": non_local_means(noisy, strength=0.06),
            "Wiener": wiener(noisy, noise=0.06),
        }
        for method, answer in answers.items():
            rows.append([name, method, float(psnr(paint, answer, data_range=255))])
        best = max(answers, key=lambda method: psnr(paint, answers[method], data_range=255))
        wall.hang(answers["Gaussian, sigma 1"], f"{name}: Gaussian of sigma 1")
        wall.hang(answers[best], f"{name}: {best}, the best of five here")
    wall.table(["Noise", "Filter", "PSNR (dB)"], rows)


if __name__ == "__main__":
    build(Path(__file__))
