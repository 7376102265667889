"""A painting as a net sees it: windows give what one pass gives, and the maps say what they claim."""

import logging
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio import models
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.features import Disagreement, Errors, Latents, View, views
from tratteggio.painting import Scan, Stack

RNG = np.random.default_rng(0)
KINDS = {"rgb": 3, "irr": 1}


def scan(name: str, rows: int, cols: int, dtype=np.uint8) -> Scan:
    channels = KINDS.get(name, 1)
    pixels = RNG.integers(0, np.iinfo(dtype).max + 1, (rows, cols, channels), dtype)
    return Scan(pixels[..., 0] if channels == 1 else pixels, name, name=f"{name}.tif")


def stack(rows: int = 90, cols: int = 75, *names: str) -> Stack:
    return Stack(tuple(scan(name, rows, cols) for name in names or ("rgb", "irr")))


def net(kind: str = "fpcae-concat", listed: str = "rgb=3,irr=1") -> torch.nn.Module:
    torch.manual_seed(0)
    return models.build(f"{kind}:{listed}").eval()


def in_one_pass(view: View) -> torch.Tensor:
    x, runs = view.tensors(views.Region.whole(view.stack.grid))
    with torch.inference_mode():
        return view.net.encode(x, runs)[0].movedim(0, -1).numpy()


# --- windows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["normal", "fp-cae", "fpcae-concat", "fpcae-add"])
@pytest.mark.parametrize("grid", [(32, 32), (90, 75), (120, 257)])
def test_windows_give_what_one_pass_gives(kind: str, grid: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr(views, "WINDOW", 4)
    view = View(stack(*grid), net(kind))
    found = Latents(view)
    assert found.shape == (*(-(-n // 8) - 1 for n in grid), 80)
    np.testing.assert_allclose(found[:, :], in_one_pass(view), rtol=0, atol=2e-6)


@settings(max_examples=10)
@given(top=st.integers(0, 9), left=st.integers(0, 7), rows=st.integers(1, 6), cols=st.integers(1, 6))
def test_any_region_is_that_of_the_whole(top: int, left: int, rows: int, cols: int) -> None:
    view = View(stack(), net())
    region = (slice(top, top + rows), slice(left, left + cols))
    np.testing.assert_allclose(Latents(view)[region], in_one_pass(view)[region], rtol=0, atol=2e-6)


@pytest.mark.parametrize("pixels", [Errors, Disagreement])
def test_maps_do_not_depend_on_the_window(pixels: type, monkeypatch) -> None:
    view = View(stack(130, 125), net())
    whole = pixels(view)[:, :]
    assert whole.shape == (16, 15, 2)
    monkeypatch.setattr(views, "WINDOW", 3)
    np.testing.assert_allclose(pixels(view)[:, :], whole, rtol=0, atol=5e-7)


def test_a_part_has_the_bits_of_the_whole_on_threads_too(monkeypatch) -> None:
    monkeypatch.setattr(views, "WINDOW", 5)
    view = View(stack(130, 125), net())
    whole = Latents(view)[:, :]
    with ThreadPoolExecutor(2) as threads:
        np.testing.assert_array_equal(Latents(view, executor=threads)[3:11, 2:9], whole[3:11, 2:9])


def test_less_halo_would_show(monkeypatch) -> None:
    """The halo is no larger than it must be: with a cell less, what comes back depends on the window."""
    view = View(stack(130, 125), net())
    whole = Errors(view)[:, :]
    monkeypatch.setattr(views, "WINDOW", 3)
    monkeypatch.setattr(views, "HALO", 24)
    assert np.abs(Errors(view)[:, :] - whole).max() > 5e-6


def test_depth_does_not_matter() -> None:
    eight = stack()
    sixteen = Stack(tuple(Scan(s.read().astype(np.uint16) * 257, s.modality) for s in eight.scans))
    floats = Stack(tuple(Scan((s.read() / 255).astype(np.float32), s.modality) for s in eight.scans))
    first = Latents(View(eight, net()))[:, :]
    for other in (sixteen, floats):
        np.testing.assert_allclose(Latents(View(other, net()))[:, :], first, rtol=0, atol=1e-5)


def test_scans_are_taken_in_the_order_of_the_net_and_others_left_alone() -> None:
    there = stack(64, 64, "xray", "irr", "rgb")
    view = View(there, net())
    ordered = View(Stack((there["rgb"], there["irr"])), net())
    np.testing.assert_array_equal(Latents(view)[:, :], Latents(ordered)[:, :])
    assert (dict(view.present), view.missing) == ({"rgb": 3, "irr": 1}, ())


# --- what is missing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fp-cae", "fpcae-concat"])
def test_a_missing_modality_is_a_note_and_no_error(kind: str, caplog) -> None:
    alone = stack(64, 64, "rgb")
    with caplog.at_level(logging.WARNING, "tratteggio"):
        view = View(alone, net(kind))
    assert "lacks irr, which the net was trained on; the features use only rgb" in caplog.text
    z = Latents(view)[:, :]
    x, _ = view.tensors(views.Region.whole((64, 64)))
    known = torch.ones_like(x)
    known[:, 3] = 0
    with torch.inference_mode():
        expected = view.net.encode(x, known)[0].movedim(0, -1).numpy()
    np.testing.assert_allclose(z, expected, rtol=0, atol=2e-6)
    assert Errors(view)[:, :].shape == (7, 7, 1)


def test_what_lies_beyond_the_rim_of_a_scan_has_no_influence() -> None:
    there = stack(96, 96)
    seen = np.ones((96, 96), bool)
    seen[:, 70:] = False
    found = []
    for beyond in (0, 255):
        irr = there["irr"].read().copy()
        irr[~seen] = beyond
        view = View(Stack((there["rgb"], Scan(irr, "irr", seen=seen))), net())
        found.append([Latents(view)[:, :], Errors(view)[:, :], Disagreement(view)[:, :]])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (found[0][1][:, -1, 1] == 0).all()


# --- maps ----------------------------------------------------------------------------------------------


class WithAttributes(torch.nn.Module):
    """Stands for a net: knows that rgb is a quarter everywhere, and infrared its red."""

    modalities = MappingProxyType(KINDS)

    def __init__(self) -> None:
        super().__init__()
        self.level = torch.nn.Parameter(torch.tensor(0.25))

    def forward(self, x, known=None):
        return torch.cat([self.level.expand_as(x[:, :3]), x[:, :1]], dim=1)


def test_a_map_is_the_mean_difference_about_the_middle_of_a_latent() -> None:
    rgb = np.full((64, 72, 3), 0.25, np.float32)
    irr = np.full((64, 72), 0.25, np.float32)
    irr[8 * 3 + 6 : 8 * 3 + 14, 8 * 5 + 6 : 8 * 5 + 14] = 0.75  # the cell of latent (3, 5)
    rgb[8 * 1 + 6, 8 * 2 + 6] = (0.5, 0.25, 0.25)  # the first pixel of the cell of latent (1, 2)
    view = View(Stack((Scan(rgb), Scan(irr, "irr"))), WithAttributes())
    error = Errors(view)[:, :]
    expected = np.zeros((7, 8, 2))
    expected[3, 5, 1] = 0.5
    expected[1, 2] = 0.25 / 3 / 64, 0.25 / 64
    np.testing.assert_allclose(error, expected, atol=1e-7)


class Echo(torch.nn.Module):
    """Stands for a net that repeats what it is shown, and says 0 where it is shown nothing."""

    modalities = MappingProxyType(KINDS)

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, x, known=None):
        if known is None:
            return x * self.scale
        return torch.cat([part * mask for part, (_, mask) in zip(x.split([3, 1], 1), known, strict=True)], 1)


def test_disagreement_hides_the_modality_that_is_judged() -> None:
    flat = Stack(
        (Scan(np.full((64, 64, 3), 0.5, np.float32)), Scan(np.full((64, 64), 0.25, np.float32), "irr"))
    )
    view = View(flat, Echo())
    assert (Errors(view)[:, :] == 0).all()
    np.testing.assert_allclose(Disagreement(view)[2:3, 2:3], [[[0.5, 0.25]]])


def test_one_modality_cannot_disagree(caplog) -> None:
    with pytest.raises(BadUsage, match="at least two modalities.*has only rgb"):
        Disagreement(View(stack(64, 64, "rgb"), net()))


# --- bad input -----------------------------------------------------------------------------------------


def test_what_the_net_cannot_look_at_is_refused() -> None:
    with pytest.raises(BadUsage, match=r"rgb\.tif has 31 rows x 40 columns.*needs at least"):
        View(stack(31, 40), net())
    with pytest.raises(BadUsage, match=r"trained on rgb \(3\), irr \(1\).*has only xray"):
        View(stack(40, 40, "xray"), net())
    with pytest.raises(BadUsage, match="needs irr with 1 channels, but .* has 3"):
        View(Stack((Scan(np.zeros((40, 40, 3), np.uint8), "irr"),)), net())
    broken = np.zeros((40, 40), np.float32)
    broken[7, 7] = np.nan
    with pytest.raises(BadPixels, match=r"ir\.tif contains NaN"):
        Latents(View(Stack((Scan(broken, "irr", name="ir.tif"),)), net()))[:, :]


@pytest.mark.parametrize("level", [0, 255])
def test_scans_without_any_structure_have_features_and_maps(level: int) -> None:
    flat = Stack(
        (Scan(np.full((48, 48, 3), level, np.uint8)), Scan(np.full((48, 48), level, np.uint8), "irr"))
    )
    view = View(flat, net())
    assert all(np.isfinite(of(view)[:, :]).all() for of in (Latents, Errors, Disagreement))
