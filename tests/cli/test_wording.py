"""The library speaks Python, the command line speaks flags."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio.cli.main import app
from tratteggio.cli.wording import format_error
from tratteggio.errors import BadUsage


def test_a_library_error_names_its_option_and_no_flag() -> None:
    lost = np.zeros((24, 24), bool)
    lost[8:12, 8:12] = True
    with pytest.raises(BadUsage) as met:
        tg.inpaint(np.full((24, 24, 3), 9, np.uint8), lost, tile=0)
    assert met.value.option == "tile"
    assert str(met.value) == "tile must be a number of pixels, 1 or more, got 0"
    assert format_error(met.value) == "--tile must be a number of pixels, 1 or more, got 0"


@pytest.mark.parametrize(
    ("sentence", "option", "typed"),
    [
        ("max_error must be above 0", "max_error", "--max-error must be above 0"),
        ("a max_error must be above 0", "max_error", "a max_error must be above 0"),
        ("tiles/a.tif is damaged", "tile", "tiles/a.tif is damaged"),
        ("it is there; add `overwrite=True`", None, "it is there; add --overwrite"),
        ("`mask_orientation=stored` if so", None, "--mask-orientation stored if so"),
        ("use `settings=['model=fp-cae:rgb=3,irr=1']`", None, "use --set model=fp-cae:rgb=3,irr=1"),
        ("use `tratteggio.register`", None, "use `tratteggio register`"),
        (
            "use `tratteggio.enhance(enhancer='lowlight:route=raw')`",
            None,
            "use `tratteggio enhance --with lowlight:route=raw`",
        ),
        ("`tratteggio.registry.names('detectors')` shows all", None, "`tratteggio detect --list` shows all"),
        ("neither `irr` nor `uvf` is there", "irr", "neither `irr` nor `uvf` is there"),
    ],
)
def test_sentences_are_put_as_they_are_typed(sentence: str, option: str | None, typed: str) -> None:
    assert format_error(BadUsage(sentence, option=option)) == typed


def test_the_command_line_says_flags(tmp_path) -> None:
    Image.fromarray(np.full((24, 24, 3), 9, np.uint8)).save(tmp_path / "scan.png")
    lost = np.zeros((24, 24), np.uint8)
    lost[8:12, 8:12] = 255
    Image.fromarray(lost).save(tmp_path / "lost.png")
    words = ["inpaint", tmp_path / "scan.png", "--mask", tmp_path / "lost.png", "-o", tmp_path / "out.png"]
    outcome = CliRunner().invoke(app, [*map(str, words), "--tile", "0"])
    assert outcome.exit_code == 2
    assert "tratteggio: --tile must be a number of pixels, 1 or more, got 0" in outcome.stderr
    (tmp_path / "out.png").write_bytes(b"mine")
    outcome = CliRunner().invoke(app, [*map(str, words)])
    assert "already exists; add --overwrite to replace" in outcome.stderr
    assert "`" not in outcome.stderr
