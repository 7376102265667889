"""Grey scans in colour: lightness kept to rounding, the same colours in any window, colour scans refused."""

import imagecodecs
import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

import tratteggio as tg
from tratteggio import files, models
from tratteggio.enhancers import colorize
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.icc import profile_name
from tratteggio.painting import Metadata, Region, Scan


def grey(rows=60, cols=90, depth="uint8"):
    y, x = np.mgrid[0:rows, 0:cols]
    unit = 0.5 + 0.45 * np.sin(x / 9) * np.cos(y / 13)
    return (unit * {"uint8": 255, "uint16": 65535}[depth]).astype(depth)


@pytest.fixture(scope="module")
def vivid(tmp_path_factory):
    """Weights of a net whose answers are far from grey, and differ from place to place."""
    torch.manual_seed(0)
    net = models.build("colorizer-compact")
    with torch.no_grad():
        net.answer.weight.mul_(2000)
    file = tmp_path_factory.mktemp("vivid") / "vivid.safetensors"
    card = models.Card(
        model="colorizer-compact", recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none"
    )
    models.save(net, file, card)
    return file


@pytest.fixture
def made(vivid):
    return colorize.make(device="cpu", weights=vivid)


def lightness(levels):
    top = np.iinfo(levels.dtype).max
    rgb = np.stack([levels] * 3, axis=-1) if levels.ndim == 2 else levels
    return rgb2lab(rgb / top)


@pytest.mark.parametrize(("depth", "within"), [("uint8", 0.4), ("uint16", 0.01)])
def test_grey_becomes_colour_and_keeps_its_lightness_to_rounding(made, depth, within):
    scan = grey(depth=depth)
    answer = tg.enhance(scan, enhancer=made)
    assert answer.shape == (60, 90, 3)
    assert answer.dtype == scan.dtype
    before, after = lightness(scan), lightness(answer)
    assert np.abs(after[..., 0] - before[..., 0]).max() < within
    assert np.abs(after[..., 1:]).max() > 10


def test_colours_are_those_of_the_net_between_its_cells(made):
    """Against the net asked directly, where one pixel of the scan is one of the reduced picture."""
    scan = grey(64, 96)
    x = torch.from_numpy(np.stack([scan] * 3)[None] / np.float32(255))
    with torch.inference_mode():
        expected = made.colours.net(x)[0].movedim(0, -1).numpy()
    found = tg.enhance(scan, enhancer=made)
    assert np.abs(found - 255 * expected).max() <= 1.01


def test_a_large_scan_has_the_colours_of_its_reduced_picture(made):
    small = grey(112, 224)  # as large as pictures are reduced to
    large = np.kron(small, np.ones((6, 6), np.uint8))
    near = tg.enhance(small, enhancer=made).astype(float)
    far = tg.enhance(large, enhancer=made)[3::6, 3::6].astype(float)
    assert np.abs(far - near).mean() < 3


def test_a_turned_scan_gets_the_colours_of_the_upright_one(made):
    upright = Scan(grey())
    stored = np.rot90(upright.pixels).copy()  # shown a quarter turn clockwise
    turned = Scan(stored, metadata=Metadata(orientation=6))
    expected = tg.enhance(upright, enhancer=made).read()
    assert np.abs(np.rot90(tg.enhance(turned, enhancer=made).read(), -1).astype(int) - expected).max() <= 1


def test_colour_is_refused_unless_it_is_to_be_redone(made, vivid):
    scan = Scan(np.stack([grey(), grey(), 255 - grey()], axis=-1), name="panel.tif")
    with pytest.raises(BadUsage, match="panel.tif has three channels; use colorize:colour=redo"):
        tg.enhance(scan, enhancer=made)
    redo = colorize.make(device="cpu", weights=vivid, colour="redo")
    answer = tg.enhance(scan, enhancer=redo)
    light = rgb2lab(scan.read())[..., 0]
    assert np.abs(rgb2lab(answer.read())[..., 0] - light).max() < 0.5
    again = tg.enhance(Scan(np.stack([grey()] * 3, axis=-1)), enhancer=redo).read()
    assert np.abs(again.astype(int) - tg.enhance(grey(), enhancer=made)).max() <= 1


def test_colour_of_another_profile_is_refused_by_name(vivid):
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    scan = Scan(np.stack([grey()] * 3, axis=-1), name="panel.tif", metadata=Metadata(icc=lab))
    redo = colorize.make(device="cpu", weights=vivid, colour="redo")
    with pytest.raises(BadUsage, match="colorize works in sRGB, but panel.tif has the profile"):
        redo.channels(scan)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert redo.channels(Scan(scan.pixels, metadata=Metadata(icc=srgb))) == 3


def test_the_temperature_leads_from_patches_to_the_mean(vivid):
    chroma = [
        np.hypot(*np.moveaxis(lightness(tg.enhance(grey(), enhancer=made))[..., 1:], 2, 0)).mean()
        for made in (colorize.make(device="cpu", weights=vivid, temperature=t) for t in (0.0, 0.38, 1.0))
    ]
    assert chroma == sorted(chroma, reverse=True)
    assert len(set(chroma)) == 3


def test_a_file_says_which_net_and_temperature_made_its_colours(vivid, tmp_path):
    files.write(grey(depth="uint16"), tmp_path / "grey.tif")
    history = tg.treatment.enhance_file(
        tmp_path / "grey.tif", tmp_path / "out.tif", enhancer=f"colorize:weights={vivid},temperature=0.2"
    )
    told = history["hypothesis"][0]["parameters"]
    assert (told["temperature"], told["colour"], told["model"]) == (0.2, "refuse", "colorizer-compact")
    assert told["weights_sha256"] == models.sha256(vivid)
    out = files.read(tmp_path / "out.tif")
    assert (out.channels, out.dtype) == (3, np.uint16)


def test_a_grey_profile_gives_the_lightness_and_way_to_srgb(vivid, tmp_path):
    """Grey of gamma 1.8 is lighter than its values say in sRGB."""
    from PIL import Image

    profile = imagecodecs.cms_profile("gray", gamma=1.8)
    Image.fromarray(grey()).save(tmp_path / "grey.tif", icc_profile=profile)
    history = tg.treatment.enhance_file(
        tmp_path / "grey.tif", tmp_path / "out.tif", enhancer=f"colorize:weights={vivid}"
    )
    out = files.read(tmp_path / "out.tif")
    assert "sRGB" in profile_name(out.metadata.icc)
    assert history["hypothesis"][0]["profile"] == {"dropped": profile_name(profile), "attached": "sRGB"}
    linear = (grey() / 255) ** 1.8
    expected = np.where(linear > 216 / 24389, 116 * np.cbrt(linear) - 16, 24389 / 27 * linear)
    assert np.abs(rgb2lab(out.read())[..., 0] - expected).max() < 0.6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"temperature": 1.5}, r"lies in 0 \.\. 1, got 1\.5"),
        ({"temperature": float("nan")}, "got nan"),
        ({"colour": "keep"}, "one of refuse, redo, got 'keep'"),
    ],
)
def test_options_that_cannot_be_are_refused(options, sentence):
    with pytest.raises(BadUsage, match=sentence):
        colorize.make(device="cpu", **options)


def test_weights_of_another_net_are_refused():
    with pytest.raises(UnsupportedFile, match="enhancer colorize takes those of colorizer"):
        colorize.make(device="cpu", weights="pconv-compact")


def test_windows_are_coloured_as_the_whole(made):
    scan = Scan(grey(90, 70))
    look = made.prepare(scan)
    light = (scan.read() / np.float32(255))[..., None]
    whole = made.enhance(light, Region(0, 0, 90, 70), look)
    part = Region(31, 17, 64, 55)
    assert np.abs(made.enhance(light[part.slices], part, look) - whole[part.slices]).max() < 1e-5
