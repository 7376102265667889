"""What is printed cannot steer the terminal, wherever it comes from."""

import json
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from tratteggio.cli import console as talk
from tratteggio.cli.console import Console
from tratteggio.cli.main import app
from tratteggio.models import build, weights
from tratteggio.names import printable

STEERING = "\x1b[2J\x1b]0;owned\x07\r\x08\x7f\x9b31m\u202e\u2028"


CARD = {
    "model": "denoiser", "recipe": "r", "data": ["a"], "licence": "l", "seed": 0, "hours": 0, "machine": "m",
}  # fmt: skip


def is_plain(text: str) -> bool:
    return not any((ord(one) < 32 and one != "\n") or one in "\x7f\x9b\u202e\u2028\ud800" for one in text)


def test_control_characters_are_written_out() -> None:
    assert printable("a\x1b[31mb", lines=True) == "a\\x1b[31mb"
    assert is_plain(printable(STEERING, lines=True))
    assert printable("caf\udce9", lines=True) == "caf\\xe9"
    printable(STEERING, lines=True).encode()


def test_letters_of_all_scripts_and_line_breaks_stay() -> None:
    text = "Ružić, 敦煌, ±3 µm × 2\n\tحديقة 👩\u200d🎨"
    assert printable(text, lines=True) == text
    assert printable("a\nb") == "a\\nb"


def test_notes_errors_and_results_are_all_plain(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=False, quiet=False)
    console.note(f"note {STEERING}\nsecond line")
    console.error(f"error {STEERING}\nsecond line", exit_code=1)
    console.result({}, f"result {STEERING}")
    out, err = capsys.readouterr()
    assert is_plain(out)
    assert is_plain(err)
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    "key", ["model", "recipe", "data", "licence", "machine", "figures", "version", "created"]
)
def test_a_card_cannot_steer_the_terminal(tmp_path: Path, key: str) -> None:
    card = {**CARD, "figures": {}, "version": "1"}
    card[key] = {"data": [STEERING], "figures": {STEERING: 1.0}}.get(key, STEERING)
    file = tmp_path / "net.safetensors"
    save_file(build("denoiser").state_dict(), file, metadata={weights.CARD: json.dumps(card)})
    for more in ((), ("--json",)):
        outcome = CliRunner().invoke(app, ["models", "info", str(file), *more])
        assert outcome.exit_code == 0
        assert is_plain(outcome.output.replace("\x7f", "") if more else outcome.output)


@pytest.mark.parametrize("recipe", ['{"name": 3}', "{{{", '{"name": ' * 3000, '{"a": 1}'])
def test_a_card_is_shown_even_if_its_recipe_cannot_be_read(tmp_path: Path, recipe: str) -> None:
    card = {**CARD, "recipe": recipe}
    file = tmp_path / "net.safetensors"
    save_file({"a": torch.zeros(1)}, file, metadata={weights.CARD: json.dumps(card)})
    outcome = CliRunner().invoke(app, ["models", "info", str(file)])
    assert outcome.exit_code == 0
    assert "all settings with --json" in outcome.stdout


def test_without_a_terminal_progress_is_a_line_from_time_to_time(capsys, monkeypatch):
    monkeypatch.setattr(talk, "EVERY_S", 0.05)
    with Console(as_json=False, quiet=False).progress("train it") as move:
        time.sleep(0.2)
        move(1, 4)
        time.sleep(0.2)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "train it: 0 min so far"
    assert told[-1].startswith("train it: 25 % after 0 min, about 0 min left")
    time.sleep(0.2)
    assert capsys.readouterr().err == "", "nothing is told after the end"


@pytest.mark.parametrize("way", [{"as_json": True, "quiet": False}, {"as_json": False, "quiet": True}])
def test_programs_and_the_quiet_see_no_progress(way, capsys, monkeypatch):
    monkeypatch.setattr(talk, "EVERY_S", 0.05)
    with Console(**way).progress("train it") as move:
        time.sleep(0.2)
    assert move is None
    assert capsys.readouterr().err == ""
