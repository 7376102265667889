"""The proof that known paint is untouched, at every depth, with alpha, down to the bit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio import files, treatment
from tratteggio.evaluation.proof import verify, verify_scans
from tratteggio.painting import Lacunae, Metadata, Scan

DEPTHS = ("uint8", "uint16", "float32", "float64")


def painting(dtype: str = "uint8", shape: tuple[int, ...] = (30, 20, 3), *, alpha: bool = False) -> Scan:
    values = np.random.default_rng(5).integers(0, 256, shape)
    return Scan(values.astype(dtype), alpha=alpha, name="panel.tif", metadata=Metadata((300, 300), "inch"))


def hole(grid: tuple[int, int] = (30, 20)) -> Lacunae:
    lost = np.zeros(grid, bool)
    lost[10:15, 4:9] = True
    return Lacunae(lost, "lost.png")


def with_change(scan: Scan, place: tuple[int, ...], value: float) -> Scan:
    pixels = scan.read().copy()
    pixels[place] = value
    return replace(scan, pixels=pixels, name="proposal.tif")


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("shape", [(30, 20), (30, 20, 3)], ids=["grey", "rgb"])
def test_a_change_inside_the_lacunae_passes(dtype: str, shape: tuple[int, ...]) -> None:
    source = painting(dtype, shape)
    found = verify_scans(source, with_change(source, (12, 5), 300 % 256), hole())
    assert found.passed
    assert found.differing_px == 0
    assert found.first_difference is None
    assert found.lost_share == 25 / 600


@pytest.mark.parametrize("dtype", DEPTHS)
def test_one_level_in_one_channel_outside_is_found_and_placed(dtype: str) -> None:
    source = painting(dtype)
    result = with_change(source, (17, 3, 2), source.read()[17, 3, 2] + 1)
    found = verify_scans(source, result, hole())
    assert not found.passed
    assert (found.differing_px, found.first_difference) == (1, (17, 3))
    assert "row 17, column 3" in found.why


def test_alpha_counts_too() -> None:
    source = painting(shape=(30, 20, 4), alpha=True)
    found = verify_scans(source, with_change(source, (0, 19, 3), 1 + source.read()[0, 19, 3]), hole())
    assert found.first_difference == (0, 19)


def test_bits_are_compared_not_values() -> None:
    values = np.full((30, 20), np.nan, np.float32)
    values[0, 0] = 0.0
    source = Scan(values)
    assert verify_scans(source, Scan(values.copy()), hole()).passed
    assert verify_scans(source, with_change(source, (0, 0), -0.0), hole()).first_difference == (0, 0)


def test_byte_order_is_not_a_difference() -> None:
    source = painting("uint16")
    assert verify_scans(source, replace(source, pixels=source.read().astype(">u2")), hole()).passed


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), band=st.integers(1, 40), changes=st.integers(0, 6))
def test_the_finding_is_the_plain_comparison_at_any_band(seed: int, band: int, changes: int) -> None:
    rng = np.random.default_rng(seed)
    source = painting()
    lost = rng.random((30, 20)) < 0.3
    pixels = source.read().copy()
    for row, column, channel in rng.integers(0, (30, 20, 3), (changes, 3)):
        pixels[row, column, channel] ^= 255
    found = verify_scans(source, Scan(pixels), Lacunae(lost), band=band)
    touched = (pixels != source.read()).any(axis=-1) & ~lost
    places = [tuple(place) for place in np.argwhere(touched).tolist()]
    assert found.differing_px == len(places)
    assert found.first_difference == (places[0] if places else None)
    assert found.passed == (not places)


@pytest.mark.parametrize(
    ("result", "lacunae", "word"),
    [
        (painting(shape=(30, 21, 3)), hole(), "size"),
        (painting(), hole((30, 21)), "size"),
        (painting("uint16"), hole(), "depth"),
        (painting(shape=(30, 20)), hole(), "channels"),
        (painting(shape=(30, 20, 4), alpha=True), hole(), "channels"),
    ],
    ids=["grid", "lacunae", "depth", "grey", "alpha"],
)
def test_what_cannot_be_compared_does_not_pass_and_is_not_raised(
    result: Scan, lacunae: Lacunae, word: str
) -> None:
    found = verify_scans(painting(), result, lacunae)
    assert not found.passed
    assert found.differing_px is None
    assert word in found.why


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"resolution": (301, 300)}, "resolution"),
        ({"unit": "cm"}, "resolution"),
        ({"unit": "none"}, "resolution"),
        ({"orientation": 6}, "orientation"),
        ({"icc": b"profile"}, "icc"),
        ({"exif": b"II"}, "exif"),
        ({"xmp": b"<x/>"}, "xmp"),
    ],
)
def test_metadata_is_reported_and_not_judged(change: dict, name: str) -> None:
    source = painting()
    found = verify_scans(source, replace(source, metadata=replace(source.metadata, **change)), hole())
    assert found.passed
    assert [key for key, same in found.metadata.items() if not same] == [name]
    assert name in found.as_text()


def test_a_resolution_in_another_unit_is_the_same_resolution() -> None:
    source = painting()
    assert (source.metadata.resolution, source.metadata.unit) == ((300, 300), "inch")
    metric = replace(source.metadata, resolution=(118.11, 118.11), unit="cm")
    assert verify_scans(source, replace(source, metadata=metric), hole()).metadata["resolution"]


def test_the_dictionary_is_json() -> None:
    source = painting()
    result = json.loads(json.dumps(verify_scans(source, source, hole()).as_dict(), allow_nan=False))
    assert result["passed"] is True
    assert result["lacunae"] == "lost.png"


def test_progress_counts_rows() -> None:
    seen = []
    verify_scans(
        painting(), painting(), hole(), band=12, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(12, 30), (24, 30), (30, 30)]


# --- from files --------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> dict[str, Path]:
    """Write a panel, its lacunae, and a proposal with its history."""
    paths = {name: tmp_path / f"{name}.png" for name in ("panel", "lost", "proposal")}
    files.write(painting().pixels, paths["panel"], metadata=painting().metadata)
    files.write_lacunae(hole(), paths["lost"])
    treatment.inpaint_file(paths["panel"], paths["lost"], paths["proposal"], engine="biharmonic")
    return paths


def test_a_saved_proposal_is_verified_from_what_lies_beside_it(saved: dict[str, Path]) -> None:
    found = verify(saved["proposal"])
    assert found.passed
    assert found.lost_share == 25 / 600


def test_source_and_lacunae_can_be_named(saved: dict[str, Path], tmp_path: Path) -> None:
    elsewhere = saved["proposal"].rename(tmp_path / "moved.png")
    assert verify(elsewhere, source=saved["panel"], lost=saved["lost"]).passed


def test_another_mask_uncovers_what_it_does_not_excuse(saved: dict[str, Path], tmp_path: Path) -> None:
    less = np.zeros((30, 20), bool)
    less[10:15, 4:8] = True  # one column of the hole less
    files.write_lacunae(Lacunae(less), tmp_path / "less.png")
    found = verify(saved["proposal"], lost=tmp_path / "less.png")
    assert not found.passed
    assert found.first_difference is not None
    assert found.first_difference[1] == 8


def test_lacunae_that_were_exchanged_are_noticed(saved: dict[str, Path]) -> None:
    """Wider ones would excuse changes that nobody proposed."""
    beside = next(path for path in saved["proposal"].parent.iterdir() if path.name.endswith(".lost.tif"))
    everywhere = np.ones(files.read(saved["proposal"]).grid, bool)
    beside.unlink()
    files.write_lacunae(Lacunae(everywhere), beside)
    found = verify(saved["proposal"])
    assert not found.passed
    assert "is not what was filled" in found.why
