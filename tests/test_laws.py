"""The laws of `tratteggio.testing`, over every engine and finish that is registered."""

from pathlib import Path

import pytest

import tratteggio as tg
from tratteggio import registry
from tratteggio.testing import EngineLaws, FinishLaws

pytestmark = pytest.mark.usefixtures("weights_at_hand")


class TestEngines(EngineLaws):
    names = registry.names("engines")


class TestFinishes(FinishLaws):
    names = registry.names("finish")


def test_every_engine_and_finish_is_one_file_found_by_its_name():
    root = Path(tg.__file__).parent
    for role in ("engines", "finish"):
        on_disk = {f.stem for f in (root / role).glob("*.py") if not f.stem.startswith("_")}
        assert set(registry.included(role)) == on_disk
