"""Descriptors of patches: the published tables, and what a whole picture and a patch alone have in common."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn
from torch.nn import functional

from tratteggio import models
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.models import descriptor
from tratteggio.models.descriptor import CELL, REACH, Descriptor, Floats, describe, descriptors, pooled

WHOLE = np.zeros((40, 56), np.bool_)


def net_of(name: str) -> Descriptor:
    """Build a net in which biases matter too."""
    torch.manual_seed(0)
    net = descriptor.build(name).eval()
    for parameter in net.parameters():
        if parameter.dim() == 1:
            nn.init.uniform_(parameter, -0.1, 0.1)
    return net


def image(rows: int = 40, cols: int = 56, *, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).random((rows, cols, 3), np.float32)


def ir_of(net: Descriptor, colour: Floats) -> Floats:
    """Walk through the encoder with torch's own convolutions, all known, and zeros beyond."""
    x = torch.from_numpy(colour).movedim(-1, 0)[None]
    with torch.inference_mode():
        for layer in net.encoder:
            if isinstance(layer, nn.Conv2d):
                x = functional.conv2d(x, layer.weight, layer.bias, padding=1).relu()
    return x[0].movedim(0, -1).numpy()


def parameters(module: nn.Module) -> list[int]:
    return [
        sum(p.numel() for p in layer.parameters())
        for layer in module.modules()
        if isinstance(layer, nn.Conv2d)
    ]


# --- the paper -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "encoder", "decoder", "totals"),
    [
        ("descriptor-v32", [448, 1160, 584], [584, 584, 1168, 435], (2192, 2771)),
        ("descriptor-v128", [896, 9248, 9248], [9248, 9248, 9248, 867], (19_392, 28_611)),
    ],
)
def test_every_layer_of_the_table_has_its_parameters(
    name: str, encoder: list[int], decoder: list[int], totals: tuple[int, int]
) -> None:
    net = models.build(name)
    assert (parameters(net.encoder), parameters(net.decoder)) == (encoder, decoder)
    assert (sum(encoder), sum(decoder)) == totals


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("descriptor-v32", [16, 8, 8, 8, 8, 16, 3]),
        ("descriptor-v128", [32, 32, 32, 32, 32, 32, 3]),
    ],
)
def test_sizes_between_the_layers_are_those_of_the_table(name: str, widths: list[int]) -> None:
    net, sizes = net_of(name), []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, __, out: sizes.append((out.shape[2], out.shape[1])))
    y = net(torch.rand(2, 3, 16, 16))
    assert sizes == list(zip([16, 16, 16, 2, 4, 8, 16], widths, strict=True))
    assert y.shape == (2, 3, 16, 16)
    assert 0 <= y.min() <= y.max() <= 1


@pytest.mark.parametrize(("name", "channels"), [("descriptor-v32", 8), ("descriptor-v128", 32)])
@pytest.mark.parametrize(("rows", "cols", "cells"), [(16, 16, 4), (8, 16, 2), (16, 8, 2), (24, 32, 12)])
def test_a_cell_of_8_by_8_pixels_gives_8_numbers_or_32(
    name: str, channels: int, rows: int, cols: int, cells: int
) -> None:
    """16 x 16 pixels give 32 or 128 numbers, half a patch 16 or 64, and any multiple of 8 goes."""
    store = describe(net_of(name), image(), WHOLE)
    assert descriptors(store, np.array([[3, 5]]), rows=rows, cols=cols).shape == (1, cells * channels)


def test_patches_alone_are_answered_as_published() -> None:
    net, x = net_of("descriptor-v32"), torch.rand(2, 3, 16, 24)
    torch.testing.assert_close(net(x), net.decoder(net.encoder(x)), rtol=0, atol=0)


@pytest.mark.parametrize("name", descriptor.NAMES)
def test_patches_are_answered_with_what_lies_around_them_as_in_the_picture(name: str) -> None:
    """Of 22 x 22 pixels the middle is answered, from the descriptor that is read off the picture."""
    net, colour = net_of(name), image()
    around = torch.from_numpy(colour[7 - REACH : 23 + REACH, 11 - REACH : 27 + REACH]).movedim(-1, 0)[None]
    read = descriptors(describe(net, colour, WHOLE), np.array([[7, 11]])).reshape(1, 2, 2, -1)
    with torch.inference_mode():
        answered, wanted = net(around), net.decoder(torch.from_numpy(read).movedim(-1, 1))
    assert answered.shape == (1, 3, 16, 16)
    torch.testing.assert_close(answered, wanted, rtol=0, atol=1e-5)


def test_in_training_half_of_the_patches_are_seen_without_what_lies_around() -> None:
    net, x = net_of("descriptor-v32").train(), torch.rand(4, 3, 22, 22)
    other = x.clone()
    other[..., :REACH, :] = 1 - other[..., :REACH, :]
    differ = (net(x) - net(other)).abs().amax(dim=(1, 2, 3)) > 1e-6
    assert differ.tolist() == [True, True, False, False]
    inner = x[2:, :, REACH:-REACH, REACH:-REACH]
    torch.testing.assert_close(net(x)[2:], net.decoder(net.encode(inner)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("sides", [(20, 16), (22, 16), (23, 23)])
def test_a_net_answers_whole_cells_only(sides: tuple[int, int]) -> None:
    with pytest.raises(BadUsage, match="multiples of 8 pixels, or 6 more"):
        net_of("descriptor-v32")(torch.rand(1, 3, *sides))


# --- the intermediate representation -------------------------------------------------------------------


@pytest.mark.parametrize("name", descriptor.NAMES)
def test_the_encoder_is_the_largest_of_the_representation_in_each_cell(name: str) -> None:
    net, colour = net_of(name), image(16, 16)
    with torch.inference_mode():
        encoded = net.encoder(torch.from_numpy(colour).movedim(-1, 0)[None])[0].movedim(0, -1).numpy()
    cells = ir_of(net, colour).reshape(2, 8, 2, 8, -1)
    assert_allclose(encoded, cells.max(axis=(1, 3)), atol=1e-6)


def test_the_representation_is_that_of_plain_convolutions_but_at_the_border() -> None:
    net, colour = net_of("descriptor-v128"), image()
    with torch.inference_mode():
        found = net.intermediate(torch.from_numpy(colour).movedim(-1, 0)[None])[0].movedim(0, -1).numpy()
    plain = ir_of(net, colour)
    inner = (slice(REACH, -REACH), slice(REACH, -REACH))
    assert_allclose(found[inner], plain[inner], atol=1e-6)
    assert not np.allclose(found[0], plain[0], atol=1e-3)


def test_nothing_lost_is_as_if_nothing_were_said() -> None:
    net, x = net_of("descriptor-v32"), torch.rand(2, 3, 24, 32)
    with torch.inference_mode():
        torch.testing.assert_close(net.intermediate(x), net.intermediate(x, torch.ones(1, 1, 24, 32)))


def test_lost_pixels_answer_nothing_and_their_neighbours_do() -> None:
    net, x = net_of("descriptor-v32"), torch.rand(1, 3, 24, 32)
    known = torch.ones(1, 1, 24, 32)
    known[..., 5:12, 8:20] = 0
    with torch.inference_mode():
        ir = net.intermediate(x, known).sum(dim=1, keepdim=True)
    assert not ir[known == 0].any()
    assert (ir[known == 1] > 0).all()


def test_what_a_lacuna_holds_is_not_seen() -> None:
    net, colour, lost = net_of("descriptor-v32"), image(), WHOLE.copy()
    lost[10:20, 10:25] = True
    masked = colour.copy()
    masked[lost] = np.nan
    assert_array_equal(describe(net, masked, lost), describe(net, colour, lost))


def test_farther_than_3_pixels_from_a_lacuna_nothing_changes() -> None:
    net, x = net_of("descriptor-v32"), torch.rand(1, 3, 40, 56)
    known = torch.ones(1, 1, 40, 56)
    known[..., 10:20, 10:25] = 0
    with torch.inference_mode():
        off = (net.intermediate(x, known) - net.intermediate(x)).abs().amax(dim=(0, 1)).numpy()
    rows, cols = np.nonzero(off > 1e-6)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (7, 22, 7, 27)


def test_lacunae_of_another_grid_are_refused() -> None:
    with pytest.raises(GridMismatch):
        describe(net_of("descriptor-v32"), image(), WHOLE[:-1])
    with pytest.raises(GridMismatch):
        describe(net_of("descriptor-v32"), image()[:-1], WHOLE)


def test_a_picture_without_a_cell_is_refused() -> None:
    with pytest.raises(BadUsage, match="8 x 8 pixels"):
        describe(net_of("descriptor-v32"), image(7, 30), WHOLE[:7, :30])


def test_a_grey_picture_is_refused() -> None:
    with pytest.raises(BadUsage, match="made of RGB"):
        describe(net_of("descriptor-v32"), image()[..., :1], WHOLE)


# --- descriptors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "cols"), [(8, 8), (9, 30), (40, 56)])
def test_pooling_is_a_maximum_over_8_by_8_places(rows: int, cols: int) -> None:
    ir = image(rows, cols)
    window = ndimage.maximum_filter(ir, size=(CELL, CELL, 1), origin=(-CELL // 2, -CELL // 2, 0))
    assert_array_equal(pooled(ir), window[: rows - 7, : cols - 7])


def test_pictures_are_described_alike_in_tiles_and_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net, lost = net_of("descriptor-v32"), np.random.default_rng(2).random((40, 56)) < 0.2
    at_once = describe(net, image(), lost)
    monkeypatch.setattr(descriptor, "TILE", 9)
    assert_allclose(describe(net, image(), lost), at_once, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", descriptor.NAMES)
def test_a_descriptor_read_off_is_the_patch_pooled(name: str) -> None:
    net, colour = net_of(name), image()
    store, ir = describe(net, colour, WHOLE), ir_of(net, colour)
    patch = ir[7:23, 11:27].reshape(2, 8, 2, 8, -1).max(axis=(1, 3))
    assert_allclose(descriptors(store, np.array([[7, 11]]))[0], patch.ravel(), atol=1e-6)


@pytest.mark.parametrize("name", descriptor.NAMES)
def test_a_patch_alone_has_the_descriptor_of_the_picture_but_for_what_its_rim_sees(name: str) -> None:
    """A patch with 3 pixels around it, cut out, has the very descriptor of the picture in its place."""
    net, colour = net_of(name), image()
    around = colour[7 - REACH : 23 + REACH, 11 - REACH : 27 + REACH]
    alone = ir_of(net, around)[REACH:-REACH, REACH:-REACH].reshape(2, 8, 2, 8, -1).max(axis=(1, 3))
    read = descriptors(describe(net, colour, WHOLE), np.array([[7, 11]]))[0]
    assert_allclose(read, alone.ravel(), atol=1e-6)


def test_halves_of_a_patch_are_halves_of_its_descriptor() -> None:
    store = describe(net_of("descriptor-v32"), image(), WHOLE)
    corners = np.array([[0, 0], [24, 40], [9, 14]])
    patch = descriptors(store, corners).reshape(3, 2, 2, 8)
    assert_array_equal(descriptors(store, corners, rows=8).reshape(3, 2, 8), patch[:, 0])
    assert_array_equal(descriptors(store, corners + np.array([8, 0]), rows=8).reshape(3, 2, 8), patch[:, 1])
    assert_array_equal(descriptors(store, corners, cols=8).reshape(3, 2, 8), patch[:, :, 0])
    assert_array_equal(
        descriptors(store, corners + np.array([0, 8]), cols=8).reshape(3, 2, 8), patch[:, :, 1]
    )


@pytest.mark.parametrize("corner", [[25, 0], [0, 41], [-1, 0]])
def test_patches_beyond_the_picture_are_refused(corner: list[int]) -> None:
    store = describe(net_of("descriptor-v32"), image(), WHOLE)
    with pytest.raises(BadUsage, match="begin at 0, 0 to 24, 40"):
        descriptors(store, np.array([corner]))


def test_sides_are_multiples_of_8() -> None:
    store = describe(net_of("descriptor-v32"), image(), WHOLE)
    with pytest.raises(BadUsage, match="multiples of 8"):
        descriptors(store, np.array([[0, 0]]), rows=12)


def test_no_patches_have_no_descriptors() -> None:
    store = describe(net_of("descriptor-v32"), image(), WHOLE)
    assert descriptors(store, np.empty((0, 2), np.int64)).shape == (0, 32)


# --- compact stores ----------------------------------------------------------------------------------------


def test_levels_take_a_quarter_and_are_half_a_level_off_at_most() -> None:
    store = describe(net_of("descriptor-v128"), image(), WHOLE)
    levels = descriptor.quantised(store)
    assert levels.nbytes == store.nbytes // 4 + 4 * 32
    corners = np.argwhere(np.ones((25, 41)))
    off = np.abs(descriptors(levels, corners) - descriptors(store, corners))
    assert np.all(off.reshape(-1, 4, 32) <= 0.5001 * store.max(axis=(0, 1)) / 255)


def test_a_channel_that_is_never_awake_stays_0() -> None:
    levels = descriptor.quantised(np.zeros((5, 6, 2), np.float32))
    assert not descriptors(levels, np.array([[0, 0]]), rows=8, cols=8).any()


@pytest.mark.parametrize("name", descriptor.NAMES)
def test_what_compact_stores_find_is_as_near(name: str) -> None:
    """The 40 of 1,025 patches that they take for nearest are less than 1 % farther away than the nearest."""
    colour = ndimage.gaussian_filter(image(), (2, 2, 0))
    store = describe(net_of(name), (colour - colour.min()) / np.ptp(colour), WHOLE)
    corners = np.argwhere(np.ones((25, 41)))

    def away(of: descriptor.Store) -> NDArray[np.float64]:
        found = descriptors(of, corners).astype(np.float64)
        return ((found[::41, None] - found[None]) ** 2).sum(axis=-1)

    exact = away(store)
    nearest = np.sort(exact, axis=1)[:, :40].sum()
    for compact in (store.astype(np.float16), descriptor.quantised(store)):
        taken = np.argsort(away(compact), axis=1, kind="stable")[:, :40]
        assert np.take_along_axis(exact, taken, axis=1).sum() < 1.01 * nearest
