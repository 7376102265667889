"""The laws of `tratteggio.testing`, over every detector that is registered."""

import pytest

import tratteggio as tg
from tratteggio import registry
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.testing import DetectorLaws
from tratteggio.testing.phantoms import draw_wall

pytestmark = pytest.mark.usefixtures("weights_at_hand")


class TestDetectors(DetectorLaws):
    names = registry.names("detectors")
    infrared = ("overpaint",)


def test_unknown_detectors_and_thresholds_beyond_the_range_are_refused():
    with pytest.raises(UnknownName, match="tophat"):
        tg.detect(draw_wall(20, 20), "tophta")
    with pytest.raises(BadUsage, match="above 0 and at most 1"):
        tg.detect(draw_wall(20, 20), "tophat", threshold=1.5)
