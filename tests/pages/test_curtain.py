"""The curtain page: it parses, loads nothing, escapes what it is given and holds both pictures."""

import base64
import io
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pages.parsed import parsed
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.pages import curtain

BEFORE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
AFTER = 255 - BEFORE


def pictures(html: str) -> list[np.ndarray]:
    data = re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in data]


def test_both_pictures_are_inside_the_page_bit_for_bit_when_small() -> None:
    before, after = pictures(curtain(BEFORE, AFTER, title="A", labels=("left", "right")))
    assert_array_equal(before, BEFORE)
    assert_array_equal(after, AFTER)


def test_large_pictures_are_jpeg_and_stay_close() -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 900).astype(np.uint8)[None, :, None], (600, 900, 3))
    html = curtain(smooth, smooth, title="A", labels=("left", "right"))
    assert "data:image/png" not in html
    assert np.abs(pictures(html)[0].astype(int) - smooth).max() <= 4


def test_the_page_is_sound_and_loads_nothing() -> None:
    page = parsed(curtain(BEFORE, AFTER, title="A", labels=("left", "right"), note="1 : 10"))
    assert page.unclosed == []
    assert page.outside == []
    assert page.ids == len(set(page.names_of_ids))
    assert page.alts == ["left", "right"]
    assert "1 : 10" in page.text
    assert "60 × 40 pixels" in page.text


def test_the_curtain_is_a_labelled_slider() -> None:
    html = curtain(BEFORE, AFTER, title="A", labels=("left", "right"))
    assert re.search(r'<label for="cut">.*<input id="cut" type="range" min="0" max="100"', html, re.S)


def test_what_is_given_is_escaped() -> None:
    page = parsed(curtain(BEFORE, AFTER, title="<script>x</script>", labels=('a"b<i>', "c&d"), note="<b>"))
    assert page.scripts == 1
    assert page.tags.count("i") == page.tags.count("b") == 0
    assert page.alts == ['a"b<i>', "c&d"]
    assert "<script>x</script>" in page.text


def test_pictures_of_two_sizes_are_refused_with_both_sizes() -> None:
    with pytest.raises(
        GridMismatch, match="source has 40 rows x 60 columns and proposal has 40 rows x 59 columns"
    ):
        curtain(BEFORE, AFTER[:, 1:], title="A", labels=("source", "proposal"))


@pytest.mark.parametrize("wrong", [BEFORE.astype(np.float32), BEFORE[..., :2], BEFORE.astype(np.uint16)])
def test_what_is_no_viewing_copy_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(BadUsage, match="viewing copy"):
        curtain(wrong, wrong, title="A", labels=("left", "right"))


def test_a_reduced_copy_is_not_called_one_to_one() -> None:
    html = curtain(BEFORE, AFTER, title="A", labels=("left", "right"), reduced=2.5)
    assert ">1:2.5</button>" in html
    assert ">1:1.25</button>" in html
    assert ">1:1</button>" not in html
    assert ">1:1</button>" in curtain(BEFORE, AFTER, title="A", labels=("left", "right"))
