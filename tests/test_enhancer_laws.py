"""The laws of `tratteggio.testing`, over every enhancer that is registered."""

import pytest

import tratteggio as tg
from tratteggio import registry
from tratteggio.errors import BadUsage
from tratteggio.testing import EnhancerLaws
from tratteggio.testing.phantoms import draw_painting

pytestmark = pytest.mark.usefixtures("weights_at_hand")

ENHANCERS = registry.names("enhancers")


class TestEnhancers(EnhancerLaws):
    names = ENHANCERS


def test_filters_and_an_enhancer_are_not_mixed():
    picture = draw_painting(8, 8)
    with pytest.raises(BadUsage, match="filters and an enhancer cannot be combined"):
        tg.enhance(picture, "box", enhancer=ENHANCERS[0])
    with pytest.raises(BadUsage, match="omit `tile=...`"):
        tg.enhance(picture, enhancer=ENHANCERS[0], tile=64)
    with pytest.raises(BadUsage, match="one filter at least"):
        tg.enhance(picture)
