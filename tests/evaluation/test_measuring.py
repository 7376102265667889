"""The scores against the plain metrics on whole arrays, at any band, and what they tell."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.evaluation import appearance, evaluate, measuring
from tratteggio.files import to_lab
from tratteggio.metrics.colour import ciede2000
from tratteggio.metrics.fidelity import data_range_of, mse, psnr, ssim
from tratteggio.painting import Lacunae, Region, Scan


def scans(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0, *, alpha: bool = False) -> list[Scan]:
    """Make a picture and a twin with noise on it."""
    rng = np.random.default_rng(seed)
    clean = rng.uniform(0.1, 0.9, shape)
    noisy = np.clip(clean + rng.normal(0, 0.1, shape), 0, 1)
    top = data_range_of(dtype) if np.dtype(dtype).kind == "u" else 1
    arrays = [(x * top).round() if top > 1 else x for x in (clean, noisy)]
    return [
        Scan(x.astype(dtype), alpha=alpha, name=name)
        for x, name in zip(arrays, ("truth.tif", "out.tif"), strict=True)
    ]


def some_lost(grid: tuple[int, int], seed: int = 0, share: float = 0.2) -> Lacunae:
    return Lacunae(np.random.default_rng(seed).random(grid) < share, "lost.png")


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(1, 40),
    cols=st.integers(1, 40),
    channels=st.sampled_from([(), (3,)]),
    untouched=st.booleans(),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    band=st.integers(1, 50),
    seed=st.integers(0, 999),
)
def test_bands_give_what_the_whole_gives(
    rows: int, cols: int, channels: tuple[int, ...], untouched: bool, dtype: str, band: int, seed: int
) -> None:
    truth, out = scans((rows, cols, *channels), dtype, seed)
    lacunae = some_lost((rows, cols), seed)
    if untouched:
        lost = lacunae.read()
        pixels = truth.read().copy()
        pixels[lost] = out.read()[lost]
        out = replace(out, pixels=pixels)
    result = evaluate(truth, out, lacunae, band=band)
    a, b, span = truth.read(), out.read(), data_range_of(dtype)
    colour = ciede2000(to_lab(truth.colour(), None), to_lab(out.colour(), None))
    for part, where in ((result.whole, np.ones((rows, cols), bool)), (result.inside, lacunae.read())):
        assert part.pixels == np.count_nonzero(where)
        assert part.mse == pytest.approx(mse(a, b, where=where), nan_ok=True)
        assert part.psnr == pytest.approx(psnr(a, b, data_range=span, where=where), nan_ok=True)
        assert part.ssim == pytest.approx(ssim(a, b, data_range=span, where=where), abs=1e-12, nan_ok=True)
        if where.any():
            assert part.ciede2000_mean == pytest.approx(colour[where].mean())
            percentile = np.quantile(colour[where], 0.95, method="inverted_cdf")
            assert percentile - 1e-9 <= part.ciede2000_p95 <= percentile + 0.01 + 1e-9


def test_the_whole_equals_scikit_image() -> None:
    truth, out = scans((50, 45, 3))
    a, b = truth.read(), out.read()
    whole = evaluate(truth, out).whole
    assert whole.psnr == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255))
    similarity = structural_similarity(
        a,
        b,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=2,
    )
    assert whole.ssim == pytest.approx(similarity, abs=1e-7)
    colour = deltaE_ciede2000(rgb2lab(a, illuminant="D50"), rgb2lab(b, illuminant="D50"))
    assert whole.ciede2000_mean == pytest.approx(colour.mean(), rel=0.05)  # another adaptation to D50


def test_equal_scans_score_perfectly() -> None:
    truth, _ = scans((30, 30, 3))
    result = evaluate(truth, truth, some_lost((30, 30)))
    for part in (result.whole, result.inside):
        assert (part.mse, part.psnr, part.ssim) == (0, math.inf, 1)
        assert (part.ciede2000_mean, part.ciede2000_p95) == (0, 0)
    assert result.changed_outside == 0


def test_changes_outside_the_lacunae_are_counted() -> None:
    truth, _ = scans((30, 30, 3))
    pixels = truth.read().copy()
    pixels[3, 3] += 1
    pixels[20, 20, 0] += 1
    lost = np.zeros((30, 30), bool)
    lost[3, 3] = True
    assert evaluate(truth, Scan(pixels), Lacunae(lost), band=7).changed_outside == 1


def test_alpha_is_not_measured() -> None:
    truth, _ = scans((20, 20, 4), alpha=True)
    pixels = truth.read().copy()
    pixels[..., 3] = 0
    result = evaluate(truth, replace(truth, pixels=pixels), some_lost((20, 20)))
    assert result.whole.mse == result.changed_outside == 0


def test_each_scan_is_seen_through_its_own_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, out = scans((12, 12, 3))
    truth, out = (
        replace(scan, metadata=replace(scan.metadata, icc=icc))
        for scan, icc in ((truth, b"one"), (out, b"other"))
    )
    seen = []

    def note_profile(colour: np.ndarray, icc: bytes | None, white: float) -> np.ndarray:
        seen.append(icc)
        return to_lab(colour, None, white)

    monkeypatch.setattr(measuring, "to_lab", note_profile)
    evaluate(truth, out)
    assert seen == [b"one", b"other"]


def test_without_lacunae_only_the_whole_is_told() -> None:
    result = evaluate(*scans((20, 20, 3)))
    assert result.inside is None
    assert result.changed_outside is None
    assert "lacunae:" in result.as_text()
    assert "in lacunae" not in result.as_text()


def test_nothing_lost_gives_no_number_rather_than_a_wrong_one() -> None:
    result = evaluate(*scans((20, 20, 3)), Lacunae(np.zeros((20, 20), bool)))
    assert result.inside.pixels == 0
    assert all(
        math.isnan(value) for value in (result.inside.psnr, result.inside.ssim, result.inside.ciede2000_p95)
    )


@pytest.mark.parametrize(
    ("result", "lacunae", "error", "words"),
    [
        (scans((20, 21, 3))[1], None, GridMismatch, "out.tif has 20 rows x 21 columns"),
        (scans((20, 20, 3))[1], some_lost((19, 20)), GridMismatch, "lost.png has 19 rows x 20 columns"),
        (scans((20, 20, 3), "uint16")[1], None, BadUsage, "out.tif is uint16 with 3 colour channels"),
        (scans((20, 20))[1], None, BadUsage, "out.tif is uint8 with 1 colour channel;"),
    ],
    ids=["grid", "lacunae", "depth", "channels"],
)
def test_what_cannot_be_compared_is_one_clear_error(
    result: Scan, lacunae: Lacunae | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as raised:
        evaluate(scans((20, 20, 3))[0], result, lacunae)
    assert words in str(raised.value)
    assert "truth.tif" in str(raised.value)


def test_not_a_number_is_named_with_its_place() -> None:
    truth, out = scans((30, 20, 3), "float32")
    pixels = out.read().copy()
    pixels[25, 7, 1] = np.nan
    with pytest.raises(BadPixels, match=r"out\.tif.*row 25, column 7"):
        evaluate(truth, replace(out, pixels=pixels), band=8)


def test_the_dictionary_is_json_and_states_every_parameter() -> None:
    truth, _ = scans((20, 20, 3))
    result = json.loads(json.dumps(evaluate(truth, truth, some_lost((20, 20))).as_dict(), allow_nan=False))
    assert result["whole"]["psnr"] is None
    assert result["whole"]["mse"] == 0
    assert result["parameters"]["ssim"]["sigma_px"] == 1.5
    assert result["parameters"]["psnr"]["data_range"] == 255
    assert result["parameters"]["ciede2000"]["reference_profile"] == "none, taken as sRGB"


def test_the_table_reads_well() -> None:
    text = evaluate(*scans((20, 20, 3)), some_lost((20, 20))).as_text()
    for words in ("out.tif compared with truth.tif", "in lacunae", "PSNR (dB)", "sigma_px 1.5", "20 x 20"):
        assert words in text


class OnDisk:
    """Pixels that remember the largest region read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype, self.largest = array, array.shape, array.dtype, 0

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        part = self.array[key]
        self.largest = max(self.largest, part.shape[0])
        return part


def test_no_more_than_a_band_and_its_margin_is_read_at_once() -> None:
    truth, out = scans((200, 20, 3))
    pixels = OnDisk(out.read(Region(0, 0, 200, 20)))
    evaluate(truth, replace(out, pixels=pixels), some_lost((200, 20)), band=16)
    assert pixels.largest == 16 + 2 * appearance.MARGIN
