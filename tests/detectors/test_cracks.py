"""The net that finds cracks, with the weights that ship."""

import numpy as np
import pytest

import tratteggio as tg
from tratteggio import phantom
from tratteggio.detectors import cracks
from tratteggio.errors import UnsupportedFile
from tratteggio.metrics import agreement
from tratteggio.painting import Scan, Stack


@pytest.fixture(scope="module")
def examined() -> tuple[Stack, np.ndarray]:
    """A cracked panel that the net has not learnt from, in all rays, and where its cracks are."""
    made = phantom.multimodal(
        320, 320, seed=850, um_per_px=40.0, motif="saint", cracks=0.04, losses=0, overpaint=0
    )
    names = {"rgb_during": "rgb", "irr": "irr", "xray": "xray", "uvf": "uvf"}
    scans = tuple(Scan(made.stack[name].read(), modality) for name, modality in names.items())
    return Stack(scans), made.truth.cracks.read()


def test_all_rays_together_tell_more_than_colours_alone(examined):
    stack, truth = examined
    alone = Stack((stack["rgb"],))
    with_all, with_colours = (
        agreement(truth, tg.detect(one, "cracks", device="cpu").read(), tolerance_px=2).f1
        for one in (stack, alone)
    )
    assert with_all > 0.7
    assert with_all > with_colours + 0.05


def test_where_nothing_is_narrow_the_net_is_not_asked(monkeypatch):
    detector = cracks.make(device="cpu")
    monkeypatch.setattr(cracks, "even_planes", lambda window: pytest.fail("the net was asked"))
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 96, dtype=np.float32), (90, 96))
    assert not detector.detect(Stack((Scan(ramp),)), None).any()


def test_weights_of_another_net_are_refused():
    from tratteggio import models

    with pytest.raises(UnsupportedFile, match="crack-unet"):
        cracks.make(weights=str(models.find("pconv-compact")), device="cpu")
