"""Undo, redo and the journal: nothing that was shown is ever lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.errors import GridMismatch, UnreadableFile, UnwritableFile
from tratteggio.studio.marking import Marking

GRID = (600, 700)
strokes = st.lists(
    st.tuples(
        st.sampled_from(["loss", "crack", None]),
        st.lists(st.tuples(st.floats(0, 700), st.floats(0, 600)), min_size=3, max_size=4),
        st.floats(1, 60),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def picture(marking):
    return np.asarray(marking.marks.indices)


def do(marking, stroke):
    damage, points, radius, brush = stroke
    return marking.brush(points, radius, damage) if brush else marking.polygon(points, damage)


@settings(max_examples=40)
@given(strokes)
def test_undo_and_redo_give_back_every_picture(tmp_path_factory, many):
    path = tmp_path_factory.mktemp("marks") / "journal"
    marking = Marking(GRID, path)
    pictures = [picture(marking)]
    for stroke in many:
        if do(marking, stroke) is not None:
            pictures.append(picture(marking))  # noqa: PERF401 each is of its moment
    assert marking.can_undo == len(pictures) - 1
    for wanted in reversed(pictures[:-1]):
        marking.undo()
        assert (picture(marking) == wanted).all()
    assert marking.undo() is None
    for wanted in pictures[1:]:
        marking.redo()
        assert (picture(marking) == wanted).all()
    marking.undo(len(pictures) // 2)
    # Killed: nobody closes the journal.
    again = Marking(GRID, path)
    assert (picture(again) == picture(marking)).all()
    assert (again.can_undo, again.can_redo) == (marking.can_undo, marking.can_redo)
    again.redo(1000)
    assert (picture(again) == pictures[-1]).all()


def test_a_stroke_after_undo_ends_what_could_be_redone(tmp_path):
    marking = Marking(GRID, tmp_path / "journal")
    marking.brush([(50, 50)], 10, "loss")
    marking.undo()
    marking.brush([(90, 90)], 10, "loss")
    assert marking.can_redo == 0
    assert Marking(GRID, tmp_path / "journal").can_redo == 0


@pytest.mark.parametrize("cut", [1, 5, 13, 200])
def test_a_record_cut_off_by_a_kill_is_left_out(tmp_path, cut):
    path = tmp_path / "journal"
    marking = Marking(GRID, path)
    marking.brush([(50, 50), (300, 400)], 10, "loss")
    wanted, size = picture(marking), path.stat().st_size
    marking.brush([(90, 90), (300, 100)], 30, "crack")
    data = path.read_bytes()
    path.write_bytes(data[: min(size + cut, len(data) - 1)])
    again = Marking(GRID, path)
    assert (picture(again) == wanted).all()
    again.brush([(5, 5)], 3, "stain")  # and it goes on
    assert Marking(GRID, path).marks.counts == again.marks.counts


def test_a_flipped_bit_does_not_reach_the_picture(tmp_path):
    path = tmp_path / "journal"
    marking = Marking(GRID, path)
    marking.brush([(50, 50)], 10, "loss")
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert not picture(Marking(GRID, path)).any()


def test_a_journal_of_another_painting_is_refused(tmp_path):
    Marking(GRID, tmp_path / "journal")
    with pytest.raises(GridMismatch, match="600 rows and 700 columns"):
        Marking((10, 10), tmp_path / "journal")
    (tmp_path / "other").write_bytes(b"something else\n")
    with pytest.raises(UnreadableFile, match="move the folder away"):
        Marking(GRID, tmp_path / "other")


def test_a_full_disk_refuses_the_stroke_and_keeps_the_rest(tmp_path, monkeypatch):
    path = tmp_path / "journal"
    marking = Marking(GRID, path)
    marking.brush([(50, 50)], 10, "loss")
    wanted, size = picture(marking), path.stat().st_size

    def full(file, data):
        file.write(data[:7])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tratteggio.studio.journal._write", full)
        with pytest.raises(UnwritableFile, match="No space left on device"):
            marking.brush([(90, 90)], 30, "crack")
    assert (picture(marking) == wanted).all()
    assert path.stat().st_size == size
    marking.brush([(200, 90)], 30, "crack")  # there is room again
    assert (picture(Marking(GRID, path)) == picture(marking)).all()


def test_several_classes_are_one_change(tmp_path):
    marking = Marking(GRID, tmp_path / "journal")
    marking.brush([(50, 50)], 40, "stain")
    mask = np.zeros(GRID, bool)
    mask[30:60, 30:60] = True
    from tratteggio.studio.marks import shape_of_mask

    before = picture(marking)
    marking.replace({"loss": shape_of_mask(mask), "crack": shape_of_mask(mask.T[:500, :600])}, {"tool": "x"})
    assert marking.marks.counts["crack"] == 900
    marking.undo()
    assert (picture(marking) == before).all()
