"""Lacuna by lacuna: another fill, another finish, or none."""

import numpy as np
import pytest

from tratteggio import evaluation, files, treatment
from tratteggio.errors import BadUsage
from tratteggio.phantom import panel
from tratteggio.treatment import Choice, FillOptions

BOXES = [(slice(20, 44), slice(20, 44)), (slice(20, 30), slice(100, 110)), (slice(90, 100), slice(20, 30))]


@pytest.fixture
def painting(tmp_path):
    """Paint with three square lacunae, and their mask."""
    array = panel(120, 140, seed=1).painted.pixels
    lost = np.zeros(array.shape[:2], bool)
    for box in BOXES:
        lost[box] = True
    files.write(array, tmp_path / "panel.tif")
    files.write(lost.astype(np.uint8) * 255, tmp_path / "mask.png")
    return tmp_path


def fill(folder, name, *choices, finish="mimetic", **words):
    target = folder / f"{name}.tif"
    history = treatment.inpaint_file(
        folder / "panel.tif", folder / "mask.png", target, engine="patch_mrf",
        options=FillOptions(finish=finish, choices=choices), **words,
    )  # fmt: skip
    return np.asarray(files.read(target).pixels), history


def test_each_lacuna_has_the_fill_the_finish_or_the_reason_that_was_chosen(painting):
    best, _ = fill(painting, "best")
    neutral, _ = fill(painting, "neutral", finish="neutral")
    one, two = Choice(row=25, col=25, sample=2), Choice(row=25, col=105, finish="neutral")
    three = Choice(row=95, col=25, leave="the infrared shows a drawing here")
    got, history = fill(painting, "chosen", one, two, three)
    source = np.asarray(files.read(painting / "panel.tif").pixels)
    first, second, third = BOXES
    assert (got[first] != best[first]).any()
    assert (got[second] == neutral[second]).all()
    assert (got[third] == source[third]).all()  # as it was
    assert history["choices"][2]["leave"] == "the infrared shows a drawing here"
    assert history["left_open"]["lacunae"] == 1
    assert history["engine"]["parameters"]["chosen"][0]["sample"] == 2
    assert evaluation.verify(painting / "chosen.tif").passed


def test_a_lacuna_is_filled_as_the_sample_alone_fills_it(painting):
    engine = treatment.samplers(treatment.make_engine("patch_mrf"), 2)[-1]
    target = painting / "sample.tif"
    treatment.inpaint_file(painting / "panel.tif", painting / "mask.png", target, engine=engine)
    whole = np.asarray(files.read(target).pixels)
    got, _ = fill(painting, "chosen", Choice(row=25, col=25, sample=2))
    assert (got[BOXES[0]] == whole[BOXES[0]]).all()


def test_choices_are_part_of_the_job(painting):
    choice = Choice(row=25, col=25, finish="neutral")
    fill(painting, "again", choice)
    _, history = fill(painting, "again", choice, resume=True)  # complete already
    assert history["choices"][0]["finish"] == "neutral"
    with pytest.raises(Exception, match="exist"):
        fill(painting, "again", Choice(row=25, col=25, finish="hatched"), resume=True)


def test_a_choice_for_a_lacuna_that_is_gone_is_left_out(painting):
    best, _ = fill(painting, "best")
    got, history = fill(painting, "gone", Choice(row=0, col=0, leave="x"), Choice(row=999, col=0, leave="x"))
    assert (got == best).all()
    assert "choices" not in history


def test_it_is_refused_to_fill_nothing(painting):
    with pytest.raises(BadUsage, match="nothing would be filled"):
        fill(painting, "none", *(Choice(row=box[0].start, col=box[1].start, leave="x") for box in BOXES))
