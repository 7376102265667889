"""What is known of kinds of examination stands in one table."""

import pytest

from tratteggio.detectors._light import OTHERS
from tratteggio.detectors.overpaint import GUIDES
from tratteggio.models import fpcae
from tratteggio.painting.modalities import MODALITIES, name_meant


def test_trained_nets_know_the_modalities_that_they_were_trained_with_in_that_order() -> None:
    """Weights are published: another order, or one more, would give other answers."""
    assert list(fpcae.MODALITIES.items()) == [
        ("rgb_before", 3),
        ("rgb_during", 3),
        ("irr", 1),
        ("xray", 1),
        ("uvf", 3),
    ]
    assert OTHERS == ("irr", "xray", "uvf")
    assert GUIDES == ("irr", "uvf")


def test_no_spelling_stands_for_two_modalities() -> None:
    spellings = [spelling for one in MODALITIES.values() for spelling in one.spellings]
    assert len(set(spellings)) == len(spellings)
    assert not set(spellings) & set(MODALITIES)


@pytest.mark.parametrize(
    ("spelt", "name"),
    [("IR", "irr"), ("X-ray", "xray"), ("x ray", None), ("uv", "uvf"), ("rgb", None), ("vis", "rgb")],
)
def test_another_spelling_leads_to_the_name(spelt: str, name: str | None) -> None:
    assert name_meant(spelt) == name
