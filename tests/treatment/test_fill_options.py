"""The options of a fill: checked in one place, written to the history, refused under their former form."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.treatment import FillOptions, inpaint_file


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("finish", "hatchet", UnknownName),
        ("seed", -1, BadUsage),
        ("tile", 0, BadUsage),
        ("leave_above", 1.5, BadUsage),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_python_and_by_the_object(name, value, error):
    lost = np.pad(np.ones((2, 2), bool), 5)
    with pytest.raises(error) as by_object:
        FillOptions(**{name: value})
    with pytest.raises(error) as by_function:
        tg.inpaint(np.zeros(lost.shape, np.uint8), lost, **{name: value})
    assert str(by_object.value) == str(by_function.value)


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FillOptions().tile = 3  # type: ignore[misc]


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    files.write(np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8), tmp_path / "panel.png")
    lost = np.zeros((40, 50), np.uint8)
    lost[10:14, 20:25] = 255
    files.write(lost, tmp_path / "lost.png")
    return tmp_path


@pytest.mark.parametrize("field", dataclasses.fields(FillOptions), ids=lambda field: field.name)
def test_a_former_argument_of_inpaint_file_is_refused_with_its_new_form(panel, field):
    with pytest.raises(BadUsage, match=rf"options=FillOptions\({field.name}=\.\.\.\)"):
        inpaint_file(
            panel / "panel.png", panel / "lost.png", panel / "out.png", **{field.name: field.default}
        )
    assert not (panel / "out.png").exists()


def test_the_history_has_every_option(panel):
    options = FillOptions(seed=3, tile=512, finish="hatched:line_px=4")
    history = inpaint_file(
        panel / "panel.png", panel / "lost.png", panel / "out.png", engine="telea", options=options
    )
    assert FillOptions(**history["options"]) == options
