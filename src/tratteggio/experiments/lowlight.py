"""Light and noise: our nets beside what people use today, on paintings that no net has learnt from.

    tratteggio reproduce lowlight --scale cpu --data DIR -o OUT     minutes on one core

Four tables. Pictures get a part of their light, or lack none, and are given light again by the enhancer
`lowlight`: by exposure, one factor on linear light; by illumination (Wang et al., CVPR 2019); by curves (Guo
et al., CVPR 2020); and by a gamma and by CLAHE. The same with pictures darkened by a gamma and a gain, which
the nets have learnt from. Pictures are taken by a synthetic sensor in the dark and developed, by
`lowlight:route=raw` (Chen et al., CVPR 2018) and by amplifying and demosaicing. And Gaussian noise is taken
off, by the enhancer `denoise` and by filters that libraries offer; by BM3D too, if the package bm3d is there
(`pip install --target DIR --no-deps bm3d bm4d`, and DIR in PYTHONPATH; free for research only).

If DIR holds folders, as `paintings` and `photographs`, light is also told for each of them.

Published figures come from other pictures, which we have not: they are shown by themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio import treatment
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import (
    VALIDATION_SHARE,
    Levels,
    photographs,
    pick_by_folder,
    readable,
    rng_of,
    square,
)
from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, as_jpeg, write_image
from tratteggio.extras import optional
from tratteggio.files.sensor import SENSOR, Sensor
from tratteggio.filters import bilateral, clahe
from tratteggio.metrics import psnr, ssim
from tratteggio.painting import Metadata, Scan
from tratteggio.painting.tone import from_light, to_light
from tratteggio.roles import Enhancer
from tratteggio.training.image_lists import list_images, split
from tratteggio.training.sources import Arrays, Reduced, Source

TITLE = "Light for dark scans, raw from the dark, and noise: nets of three papers beside what people use"
LIBRARIES = ("scikit-image", "opencv-contrib-python-headless")


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        most: pictures at most, of each folder.
        few: of them are taken raw or made noisy, for BM3D takes its time.
        longest: side of pictures that are darkened, which are seen whole; in pixels.
        side: of squares that are taken raw or made noisy, in pixels.
        conclusive: whether anything can be concluded.
    """

    most: int
    few: int
    longest: int
    side: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(most=2, few=2, longest=96, side=64, conclusive=False),
    "cpu": Scale(most=16, few=4, longest=320, side=160, conclusive=True),
}

DIMS: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "slightly dark": ((1.0, 2.0), (0.4, 1.0)),
    "very dark": ((2.0, 3.5), (0.1, 0.4)),
}
"""Name -> spans of the gamma and of the gain that paintings are darkened by."""

LIGHTS: Mapping[str, float] = {
    "a tenth of the light": 0.1,
    "a third of the light": 1 / 3,
    "enough light": 1.0,
}
"""Name -> factor on linear light."""
MOST_DB = 60.0  # PSNR above it, of pictures that are hardly touched, counts as this

RATIOS = (10, 30, 100, 300)
ELECTRONS, READ_NOISE = 15_000.0, 3.0
SIGMAS = (15, 25, 50)
"""Of noise, in levels of 255."""
IN_THE_DARK, DEPENDENT = "dark, 8 bits, sigma 25", "sigma 5 to 40"
"""Noise on a tenth of the light, cut off at black; and noise that grows with brightness."""
LIKENESS, TV_WEIGHT, ALIKE = 2.0, 0.9, 0.6
"""Strengths of filters, in sigmas: of a few those with the highest mean PSNR on three phantoms."""

AS_IT_IS = "as it is"
EXPOSURE = "exposure (white point)"
ILLUMINATION, CURVES, RAW = "illumination", "curves", "raw"
AMPLIFIED = "amplified and demosaiced"
TOLD, FOUND = "denoise, told sigma", "denoise, sigma read off"
BM3D = "BM3D"
NOT_OURS = {
    "exposure": ("gamma 1/2.2", "gamma to mean grey", "CLAHE"),
    "light": ("gamma 1/2.2", "gamma to mean grey", "CLAHE", EXPOSURE),
    "raw": (AMPLIFIED, "the same and non-local means"),
    "noise": ("bilateral", "total variation", "non-local means", BM3D),
}
"""One line each, or a filter of a library. BM3D is left out where it is not installed."""

PUBLISHED: Mapping[str, tuple[float, float | None]] = {
    "illumination: Wang et al. 2019, MIT-Adobe FiveK": (23.04, 0.893),
    "curves: Guo et al. 2020, SICE part 2": (16.57, 0.59),
    "raw: Chen et al. 2018, Sony": (28.88, 0.787),
    "noise: Zhang et al. 2018 (FFDNet), BSD68 grey, sigma 15": (31.63, None),
    "noise: Zhang et al. 2018 (FFDNet), BSD68 grey, sigma 25": (29.19, None),
    "noise: Zhang et al. 2018 (FFDNet), BSD68 grey, sigma 50": (26.29, None),
}

Light = NDArray[np.float32]
Way = Callable[[], Levels]


class Case(NamedTuple):
    """One spoilt picture, and the ways to mend it.

    Attributes:
        kind: "exposure", "light", "raw" or "noise".
        name: of the degree.
        truth: (H, W, 3) uint8.
        shown: what a viewer sees of it before, the same shape.
        ways: name -> mends it.
    """

    kind: str
    name: str
    truth: Levels
    shown: Levels
    ways: Mapping[str, Way]


Key = tuple[str, str, str]
"""Kind, degree, way."""


def run(
    scale: str,
    *,
    data: Path | None,
    out: Path,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Spoil, mend and measure. What is measured is kept in `mended.jsonl` and not done again.

    Raises:
        MissingExtra: scikit-image, OpenCV or the weights are not installed.
    """
    chosen = SCALES[scale]
    source, where = _gather(data, chosen)
    ours = _ours()
    weights = {
        name: str(enhancer.parameters.get("weights_sha256", ""))[:12] for name, enhancer in ours.items()
    }
    weights[TOLD] = weights[FOUND]
    ledger = Ledger(out / "mended.jsonl")
    found: dict[Key, list[tuple[float, float]]] = {}
    rows = []
    counted: Counter[str] = Counter()
    for number in range(len(source)):
        name, image = source.name(number), source.read(number)
        place = counted[_folder(name)]
        counted[_folder(name)] += 1
        cases = list(_dark_cases(image, name, chosen, ours, seed=seed))
        if place % -(-chosen.most // chosen.few) == 0:
            cases += _sensor_cases(image, name, chosen, ours, seed=seed)
        for case in cases:
            pictured = [case.truth, case.shown] if not number and case.name.split(",")[0] in SHOWN else []
            for way, mend in case.ways.items():
                key = f"{case.kind} | {case.name} | {way} {weights.get(way, '')} | {name} | seed {seed}"
                if pictured or key not in ledger:
                    mended = mend()
                if pictured:
                    pictured.append(mended)
                if key not in ledger:
                    ledger.add(key, _measure(case.truth, mended))
                found.setdefault((case.kind, case.name, way), []).append(
                    (ledger[key]["psnr"], ledger[key]["ssim"])
                )
            if pictured:
                rows.append(pictured)
        if progress:
            progress(number + 1, len(source))
    write_image(as_jpeg(_sheet(rows)), out / "sheet.jpg")
    return _summed_up(found, f"{where} {_setting(chosen)}", conclusive=chosen.conclusive, out=out)


SHOWN = ("a tenth of the light", "very dark", "100 times", "sigma 25")
"""Degrees of which the sheet shows the first picture."""


def _measure(truth: Levels, mended: Levels) -> dict[str, float]:
    db = min(psnr(truth, mended, data_range=255), MOST_DB)
    return {"psnr": db, "ssim": ssim(truth, mended, data_range=255)}


# --- pictures and ways -----------------------------------------------------------------------------------


def _gather(data: Path | None, scale: Scale) -> tuple[Source, str]:
    """Choose the pictures, and say which they are."""
    if data is None:
        found = [array for array in photographs().values() if array.ndim == 3][: scale.most]
        return Arrays(found), f"{len(found)} photographs that come with scikit-image, or phantoms."
    everything = list_images(data)
    _, aside = split(everything, share=VALIDATION_SHARE)
    picked = pick_by_folder(aside, scale.most)
    folder = readable(data, [name for names in picked.values() for name in names])
    return folder, (
        f"{len(folder)} of {len(everything)} pictures, set aside whole by their names "
        f"(share {VALIDATION_SHARE})."
    )


def _folder(name: str) -> str:
    """Return the folder that a picture lies in, "" for none."""
    return name.rpartition("/")[0]


def _ours() -> dict[str, Enhancer]:
    ways = {
        EXPOSURE: "lowlight",
        ILLUMINATION: "lowlight:route=illumination",
        CURVES: "lowlight:route=curves",
        RAW: "lowlight:route=raw",
        FOUND: "denoise",
    }
    return {name: treatment.make_enhancer(words)[0] for name, words in ways.items()}


def _dark_cases(
    image: Levels, name: str, scale: Scale, ours: Mapping[str, Enhancer], *, seed: int
) -> Iterator[Case]:
    whole = Reduced(Arrays([image]), scale.longest).read(0)
    light = to_light(whole)
    where = f", {_folder(name)}" if _folder(name) else ""
    for degree, factor in LIGHTS.items():
        yield _dark_case("exposure", degree + where, whole, _levels(_displayed(light * factor)), ours)
    for degree, spans in DIMS.items():
        gamma, gain = (rng_of(seed, name, degree).uniform(*span) for span in spans)
        yield _dark_case("light", degree, whole, _levels(gain * (whole / 255) ** gamma), ours)


def _sensor_cases(
    image: Levels, name: str, scale: Scale, ours: Mapping[str, Enhancer], *, seed: int
) -> Iterator[Case]:
    cut = square(image, scale.side, rng_of(seed, name))
    even = cut[: cut.shape[0] // 2 * 2, : cut.shape[1] // 2 * 2]
    for ratio in RATIOS:
        yield _raw_case(even, ratio, rng_of(seed, name, f"raw {ratio}"))
    for sigma in SIGMAS:
        noise = rng_of(seed, name, f"noise {sigma}").normal(0, sigma / 255, cut.shape)
        yield _noise_case(_sigma(sigma), cut, (cut / 255 + noise).astype(np.float32), sigma / 255, ours)
    dim = _levels(_displayed(to_light(cut) * 0.1))
    noise = rng_of(seed, name, IN_THE_DARK).normal(0, 25 / 255, cut.shape)
    yield _noise_case(IN_THE_DARK, dim, (_levels(dim / 255 + noise) / 255).astype(np.float32), 25 / 255, ours)
    grows = np.sqrt(5**2 + (40**2 - 5**2) * (cut / 255)) / 255
    noise = rng_of(seed, name, DEPENDENT).normal(0, 1, cut.shape) * grows
    yield _noise_case(
        DEPENDENT, cut, (cut / 255 + noise).astype(np.float32), float(np.sqrt((grows**2).mean())), ours
    )


def _dark_case(kind: str, degree: str, truth: Levels, dark: Levels, ours: Mapping[str, Enhancer]) -> Case:
    ways: dict[str, Way] = {
        AS_IT_IS: lambda: dark,
        "gamma 1/2.2": lambda: _levels((dark / 255) ** (1 / 2.2)),
        "gamma to mean grey": lambda: to_mean(dark),
        "CLAHE": lambda: clahe(dark),
        EXPOSURE: lambda: treatment.enhance(dark, enhancer=ours[EXPOSURE]),
        CURVES: lambda: treatment.enhance(dark, enhancer=ours[CURVES]),
        ILLUMINATION: lambda: treatment.enhance(dark, enhancer=ours[ILLUMINATION]),
    }
    return Case(kind, degree, truth, dark, ways)


def to_mean(dark: Levels, *, grey: float = 0.41) -> Levels:
    """Raise a picture to the power that brings its mean to grey, found by halving.

    Args:
        dark: (H, W, 3), neither all black nor all white, or nothing can be done.
        grey: the mean, 0 .. 1; that of the paintings from which our nets learnt.
    """
    light = dark / 255
    low, high = math.log(0.02), math.log(5)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if (light ** math.exp(middle)).mean() > grey else (low, middle)
    return _levels(light ** math.exp(low))


def _raw_case(truth: Levels, ratio: float, rng: Generator) -> Case:
    import torch  # noqa: PLC0415  (takes seconds)

    from tratteggio.degradation.simulation.sensor import BLACK, WHITE, Exposure, expose  # noqa: PLC0415  (the same)

    how = Exposure(ratio=ratio, electrons=ELECTRONS, read_noise=READ_NOISE)
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**31)))
        raw = expose(torch.from_numpy(truth).movedim(-1, 0)[None] / 255, how)[0, 0].numpy()
    balance = (float(how.red), 1.0, float(how.blue))
    sensor = Sensor(
        red=(0, 0), black=BLACK, white=WHITE, balance=balance, to_srgb=((1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    scan = Scan(raw.astype(np.uint16), metadata=Metadata(foreign={SENSOR: sensor}))
    plain = amplify(raw, sensor, ratio=ratio)
    ways: dict[str, Way] = {
        AMPLIFIED: lambda: _levels(plain),
        "the same and non-local means": lambda: _levels(_non_local_means(plain, _spread(plain))),
        RAW: lambda: _develop(scan, ratio),
    }
    return Case("raw", f"{ratio} times", truth, _levels(amplify(raw, sensor, ratio=1)), ways)


def amplify(raw: NDArray[np.floating], sensor: Sensor, *, ratio: float) -> Light:
    """Develop raw plainly: black off, amplified, balanced, the missing colours from their neighbours, toned.

    Args:
        raw: (H, W) levels, red first.
        sensor: that wrote it.
        ratio: by which the light is amplified.

    Returns:
        (H, W, 3), 0 .. 1.
    """
    light = (raw - sensor.black) / (sensor.white - sensor.black) * ratio
    row, col = np.indices(raw.shape) % 2
    there = np.stack([(row == 0) & (col == 0), row != col, (row == 1) & (col == 1)]).astype(np.float64)
    kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4.0
    planes = [
        ndimage.convolve(light * mask, kernel, mode="constant")
        / ndimage.convolve(mask, kernel, mode="constant")
        * gain
        for mask, gain in zip(there, sensor.balance, strict=True)
    ]
    developed: Light = from_light(np.clip(np.stack(planes, axis=-1), 0, 1), np.dtype(np.float32))
    return developed


def _develop(scan: Scan, ratio: float) -> Levels:
    from tratteggio.enhancers import lowlight  # noqa: PLC0415  (brings torch)

    answer = treatment.enhance(scan, enhancer=lowlight.make(route=RAW, ratio=float(ratio)))
    return _levels(answer.read() / 65535)


def _noise_case(degree: str, truth: Levels, noisy: Light, sigma: float, ours: Mapping[str, Enhancer]) -> Case:
    ways: dict[str, Way] = {
        AS_IT_IS: lambda: _levels(noisy),
        "bilateral": lambda: _levels(bilateral(np.clip(noisy, 0, 1), sigma=2.0, likeness=LIKENESS * sigma)),
        "total variation": lambda: _levels(_total_variation(noisy, sigma)),
        "non-local means": lambda: _levels(_non_local_means(noisy, sigma)),
        FOUND: lambda: _levels(treatment.enhance(noisy, enhancer=ours[FOUND])),
        TOLD: lambda: _levels(treatment.enhance(noisy, enhancer=f"denoise:sigma={sigma}")),
    }
    if degree in map(_sigma, SIGMAS) and find_spec("bm3d"):
        ways[BM3D] = lambda: _levels(_bm3d(noisy, sigma))
    return Case("noise", degree, truth, _levels(noisy), ways)


def _sigma(levels: int) -> str:
    return f"sigma {levels}"


def _total_variation(noisy: Light, sigma: float) -> Light:
    cleaned: Light = _scikit_image().denoise_tv_chambolle(noisy, weight=TV_WEIGHT * sigma, channel_axis=-1)
    return cleaned


def _non_local_means(noisy: Light, sigma: float) -> Light:
    """Compare patches of 5 x 5, 6 pixels about."""
    sigma = max(sigma, 1e-4)  # of a picture without noise it would divide by it
    cleaned: Light = _scikit_image().denoise_nl_means(
        noisy, patch_size=5, patch_distance=6, h=ALIKE * sigma, sigma=sigma, fast_mode=True, channel_axis=-1
    )
    return cleaned


def _bm3d(noisy: Light, sigma: float) -> Light:
    """Clean by BM3D of its authors' package (Dabov et al. 2007; Makinen et al. 2020), which is no
    dependency."""
    import bm3d  # type: ignore[import-not-found]  # noqa: PLC0415 # optional

    cleaned: Light = bm3d.bm3d_rgb(noisy, sigma)
    return cleaned


def _spread(image: Light) -> float:
    """Estimate noise as scikit-image's `estimate_sigma`, by Haar's wavelet (Donoho and Johnstone 1994)."""
    detail = image[:-1:2, :-1:2] - image[:-1:2, 1::2] - image[1::2, :-1:2] + image[1::2, 1::2]
    return float(np.mean(np.median(np.abs(detail) / 2, axis=(0, 1)) / 0.6745))


def _scikit_image() -> Any:
    with optional(
        "skimage", needs="the comparison needs scikit-image", install="pip install 'tratteggio[test]'"
    ):
        from skimage import restoration  # noqa: PLC0415  (brings much)
    return restoration


def _displayed(light: NDArray[np.floating]) -> Light:
    displayed: Light = from_light(np.asarray(light), np.dtype(np.float32))
    return displayed


def _levels(light: NDArray[np.floating]) -> Levels:
    rounded: Levels = np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
    return rounded


# --- what came out ---------------------------------------------------------------------------------------


def _summed_up(
    found: Mapping[Key, Sequence[tuple[float, float]]], setting: str, *, conclusive: bool, out: Path
) -> Report:
    """Make a report of what was measured."""
    mean = {key: tuple(np.mean(values, axis=0).tolist()) for key, values in found.items()}
    kinds = {kind: list(dict.fromkeys(name for k, name, _ in mean if k == kind)) for kind in NOT_OURS}
    drawn = {}
    for kind, title in (
        ("raw", "PSNR by how many times too little light, dB"),
        ("noise", "PSNR by noise, dB"),
    ):
        ways = list(dict.fromkeys(way for k, _, way in mean if k == kind))
        drawn[f"{kind}.svg"] = title
        # BM3D is asked about even noise alone: a line needs all degrees.
        named = [name for name in kinds[kind] if all((kind, name, way) in mean for way in ways)]
        series = {way: [mean[kind, name, way][0] for name in named] for way in ways}
        write_image(curves(series, labels=named, title=title).encode(), out / f"{kind}.svg")
    return Report(
        setting=setting,
        tables=[
            _table(
                "Light given back: less light", "exposure", kinds, mean,
                "A factor on linear light, at 8 bits. Where there is enough light, nothing is to be done. "
                f"PSNR counts up to {MOST_DB:g} dB.",
            ),
            _table("Light given back: gamma and gain", "light", kinds, mean, "Darkened by both, at 8 bits."),
            _table(
                "Raw from the dark", "raw", kinds, mean,
                f"{ELECTRONS:,.0f} electrons at white, {READ_NOISE:g} of reading; the ratio is told to all.",
            ),
            _table("Noise taken off", "noise", kinds, mean, _NOISE_NOTE),
            Table(
                "Published, on other pictures",
                (Column("PSNR, dB"), Column("SSIM", 3)),
                [Row(name, {}, {"PSNR, dB": p, "SSIM": s}) for name, (p, s) in PUBLISHED.items()],
                "For orientation alone: neither pictures nor darkness are the same.",
            ),
        ],
        claims=_claims(mean, kinds, conclusive=conclusive),
        notes=[
            "PSNR and SSIM (Gaussian windows, mean of the channels) of RGB at 8 bits, means over pictures.",
            "The darkness is of the kind that the nets have learnt from; photographs are dark in other ways.",
        ],
        pictures={
            "sheet.jpg": f"one picture, {', '.join(SHOWN)}: the truth, what is shown, then each way in the "
            "order of the tables",
            **drawn,
        },
    )  # fmt: skip


def _table(
    title: str,
    kind: str,
    kinds: Mapping[str, Sequence[str]],
    mean: Mapping[Key, tuple[float, ...]],
    note: str,
) -> Table:
    degrees = kinds[kind]
    columns = [
        Column(f"{degree}, {measure}", digits, "higher")
        for degree in degrees
        for measure, digits in (("dB", 2), ("SSIM", 3))
    ]
    ways = list(dict.fromkeys(way for k, _, way in mean if k == kind))
    rows = [
        Row(
            way,
            {
                f"{degree}, {measure}": mean[kind, degree, way][k]
                for degree in degrees
                if (kind, degree, way) in mean
                for k, measure in enumerate(("dB", "SSIM"))
            },
        )
        for way in ways
    ]
    return Table(title, columns, rows, note)


def _claims(
    mean: Mapping[Key, tuple[float, ...]], kinds: Mapping[str, Sequence[str]], *, conclusive: bool
) -> list[Claim]:
    """Judge claims of our own: that each net beats the best of what people use."""
    claims = []
    for kind, way, least in (
        ("exposure", EXPOSURE, 0.0),
        ("exposure", ILLUMINATION, 0.0),
        ("exposure", CURVES, 0.0),
        ("light", ILLUMINATION, 0.0),
        ("light", CURVES, 0.0),
        ("raw", RAW, 5.0),
        ("noise", TOLD, 0.0),
    ):
        for degree in kinds[kind]:
            named = NOT_OURS[kind][:1] if kind == "raw" else NOT_OURS[kind]
            if kind == "exposure" and way != EXPOSURE:
                named = (*named, EXPOSURE)
            rivals = [rival for rival in named if (kind, degree, rival) in mean]
            best = max(rivals, key=lambda rival, k=kind, d=degree: mean[k, d, rival][0])  # type: ignore[misc]
            above = mean[kind, degree, way][0] - mean[kind, degree, best][0]
            text = (
                f"{degree}: {way} is "
                + (f"{least:g} dB and more " if least else "")
                + f"above {_list_names(rivals)}"
            )
            why = f"{above:+.2f} dB against {best}."
            verdict: Verdict = (
                "reproduced" if above > least else "ordering only" if above > 0 else "not reproduced"
            )
            if not conclusive:
                verdict, why = "not attempted", f"A few small pictures prove nothing; {why}"
            claims.append(Claim(text, verdict, why))
    return claims


_NOISE_NOTE = (
    "Sigma is told to all but one; its mean, where it depends on brightness. Noise is cut off at black and "
    "white only in the dark, and there the truth is dark, too."
)


def _list_names(rivals: Sequence[str]) -> str:
    return rivals[0] if len(rivals) == 1 else f"{', '.join(rivals[:-1])} and {rivals[-1]}"


def _setting(scale: Scale) -> str:
    return (
        f"Whole, at most {scale.longest} pixels wide or high, where light is taken away; elsewhere a square "
        f"of {scale.side} x {scale.side} of {scale.few} of each folder at most. Everyone mends the same."
    )


def _sheet(rows: Sequence[Sequence[Levels]], *, side: int = 160) -> Levels:
    """Lay pictures side by side, one row for each case, in squares of white."""
    columns = max(len(row) for row in rows)
    sheet = np.full((len(rows) * side, columns * side, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            small = Reduced(Arrays([image]), side - 4).read(0)
            place = (slice(r * side, r * side + small.shape[0]), slice(c * side, c * side + small.shape[1]))
            sheet[place] = small
    return sheet
