"""Medians, bilateral filters, non-local means: less noise, edges kept.

A median removes single extreme pixels, where a mean spreads them. A bilateral filter averages only similar
pixels. Non-local means search for similar patches farther away. PSNR = 10 log10(white² / MSE); higher is
closer to the panel.
"""

from pathlib import Path

from example import Example, build
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


def show(example: Example) -> None:
    paint = example.panel(motif="still life").painted.read()
    wild, soft = salt_and_pepper(paint, share=0.05), gaussian_noise(paint, sigma=0.06)
    rows = []
    for name, noisy in (("salt and pepper", wild), ("Gaussian", soft)):
        example.show(noisy, f"Noise: {name}")
        outputs = {
            "Gaussian, sigma 1": gaussian(noisy, sigma=1),
            "median 3 x 3": median(noisy, size=3),
            "bilateral": bilateral(noisy, sigma=2, likeness=0.15),
            "non-local means": non_local_means(noisy, strength=0.06),
            "Wiener": wiener(noisy, noise=0.06),
        }
        for method, output in outputs.items():
            rows.append([name, method, float(psnr(paint, output, data_range=255))])
        best = max(outputs, key=lambda method: psnr(paint, outputs[method], data_range=255))
        example.show(outputs["Gaussian, sigma 1"], f"{name}: Gaussian of sigma 1")
        example.show(outputs[best], f"{name}: {best}, the best of five here")
    example.table(["Noise", "Filter", "PSNR (dB)"], rows)


if __name__ == "__main__":
    build(Path(__file__))
