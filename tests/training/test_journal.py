import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tratteggio.errors import UnreadableFile, UnwritableFile
from tratteggio.training.journal import Journal, Stages, read_journal, write_sheet


def test_each_line_is_json(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.tell(10, {"loss": 0.5, "parts": {"mse": 0.5}})
        journal.tell(20, {"loss": float("nan"), "parts": {"mse": float("inf")}})
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line, parse_constant=pytest.fail) for line in lines] == [
        {"step": 10, "loss": 0.5, "parts": {"mse": 0.5}},
        {"step": 20, "loss": None, "parts": {"mse": None}},
    ]
    assert read_journal(tmp_path) == [json.loads(line) for line in lines]


def test_a_resumed_journal_tells_of_each_step_once(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for step in (10, 20, 30):
            journal.tell(step, {"loss": 1.0})
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"step": 40, "lo')  # killed while writing
    assert [line["step"] for line in read_journal(tmp_path)] == [10, 20, 30]
    with Journal(tmp_path, step=20) as journal:
        journal.tell(30, {"loss": 2.0})
    assert [(line["step"], line["loss"]) for line in read_journal(tmp_path)] == [(10, 1), (20, 1), (30, 2)]


def test_curves_are_there_for_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Journal(tmp_path) as journal:
        journal.tell(10, {"loss": 0.5, "validation": {"psnr_lost": 21.0}})
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("validation/psnr_lost")] == [(10, 21.0)]
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(10, 0.5)]


def test_stages_are_means_over_the_steps_that_were_timed() -> None:
    waits = []
    stages = Stages(lambda: waits.append(1), every=2)
    for step in range(4):
        stages.begin(step)
        with stages("forward"):
            time.sleep(0.002)
        stages.add({"decode": 3.0})
    means = stages.means()
    assert means["decode"] == 3.0
    assert 0.002 <= means["forward"] < 0.1
    assert len(waits) == 2
    assert stages.means() == {}


def test_a_sheet_shows_rows_of_pictures_with_gaps(tmp_path: Path) -> None:
    grey = np.full((1, 5, 6), 0.5, np.float32)
    red = np.zeros((3, 5, 6), np.float32)
    red[0] = 1.7
    many = np.full((11, 8, 9), -0.1, np.float32)
    write_sheet(tmp_path / "samples" / "step-1.png", [[grey, red, grey], [many, many, many]])
    with Image.open(tmp_path / "samples" / "step-1.png") as picture:
        sheet = np.asarray(picture)
    assert sheet.shape == (5 + 4 + 8, 3 * 9 + 2 * 4, 3)
    assert (sheet[:5, :6] == 128).all()
    assert (sheet[:5, 10:16] == [255, 0, 0]).all()
    assert (sheet[9:, :9] == 0).all()
    assert (sheet[5:9] == 255).all()


def test_no_room_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableFile, match="file"):
        write_sheet(tmp_path / "file" / "x.png", [[np.zeros((1, 2, 2), np.float32)]])


@pytest.mark.parametrize("line", ["garbage", "[]", "{}", '{"step": "10"}', '{"step": -1}', "[" * 100_000, ""])
def test_a_damaged_line_is_named_and_nothing_is_changed(tmp_path: Path, line: str) -> None:
    with Journal(tmp_path) as journal:
        journal.tell(10, {"loss": 0.5})
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(f"{line}\n")
    before = (tmp_path / "journal.jsonl").read_bytes()
    for read in (lambda: read_journal(tmp_path), lambda: Journal(tmp_path, step=10)):
        with pytest.raises(UnreadableFile, match=r"journal\.jsonl, line 2 is not a sound .*`resume=True`"):
            read()
    assert (tmp_path / "journal.jsonl").read_bytes() == before
