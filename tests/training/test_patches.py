"""Patches: a pure function of seed and index, whatever process asks."""

import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.errors import BadUsage, UnknownName
from tratteggio.training.patches import AS_THEY_ARE, Augment, Patches
from tratteggio.training.sources import Arrays, Phantoms

RNG = np.random.default_rng(0)
PICTURES = Arrays([RNG.integers(0, 256, (60 + 7 * k, 90, 3), dtype=np.uint8) for k in range(3)])


def digest(patches, indices):
    found = hashlib.sha256()
    for index in indices:
        for array in patches[index]:
            found.update(array.tobytes())
    return found.hexdigest()


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@settings(max_examples=40)
@given(index=st.integers(0, 10**12), side=st.integers(8, 80), seed=st.integers(0, 5))
def test_a_patch_is_truth_and_known_with_paint_to_learn_from(index, side, seed):
    truth, known = Patches(PICTURES, side=side, seed=seed)[index]
    assert truth.shape == (3, side, side)
    assert known.shape == (1, side, side)
    assert truth.dtype == known.dtype == np.float32
    assert truth.min() >= 0
    assert truth.max() <= 1
    assert set(np.unique(known)) == {0, 1}


def test_a_patch_does_not_depend_on_what_was_asked_before():
    first, second = (Patches(PICTURES, side=32, seed=4) for _ in range(2))
    far_first = first[10_000]
    in_order = [second[k] for k in range(20)]
    assert all(same(first[k], in_order[k]) for k in reversed(range(20)))
    assert same(far_first, second[10_000])


def test_a_patch_does_not_depend_on_the_memory_for_pictures():
    large, none = (Patches(PICTURES, side=32, cache_mib=mib) for mib in (64, 0))
    assert digest(large, range(12)) == digest(none, range(12))


def test_another_process_makes_the_same_patches():
    code = (
        "import hashlib\n"
        "from tratteggio.training.patches import Patches\n"
        "from tratteggio.training.sources import Phantoms\n"
        "found = hashlib.sha256()\n"
        "patches = Patches(Phantoms(2, rows=64, cols=48), side=32, seed=9)\n"
        "for index in (5, 0, 77, 3):\n"
        "    for array in patches[index]: found.update(array.tobytes())\n"
        "import sys\n"
        "assert 'torch' not in sys.modules\n"
        "print(found.hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    here = Patches(Phantoms(2, rows=64, cols=48), side=32, seed=9)
    assert done.stdout.strip() == digest(here, (5, 0, 77, 3))


def test_patches_travel_to_other_processes():
    here = Patches(PICTURES, side=24, damage={"cracks": 1, "walk": 2}, seed=3)
    before = digest(here, range(5))
    assert digest(pickle.loads(pickle.dumps(here)), range(5)) == before


def test_seeds_and_indices_give_different_patches():
    patches, other = (Patches(PICTURES, side=24, seed=seed) for seed in (0, 1))
    assert len({patches[k][0].tobytes() for k in range(40)}) == 40
    assert not same(patches[0], other[0])


def test_a_round_takes_as_many_patches_of_each_picture_and_the_next_takes_others():
    flat = Arrays([np.full((40, 50), 40 * k, np.uint8) for k in range(5)])
    patches = Patches(flat, side=16, per_picture=7, augment=AS_THEY_ARE)
    assert patches.per_round == 35
    for turn in (0, 1, 6):
        shown = [round(float(patches[turn * 35 + k][0].max() * 255)) for k in range(35)]
        assert sorted(shown) == sorted([0, 40, 80, 120, 160] * 7)
        assert shown != sorted(shown)
    places = Patches(PICTURES, side=16, augment=AS_THEY_ARE)
    rounds = [{places[turn * 75 + k][0].tobytes() for k in range(75)} for turn in (0, 1)]
    assert len(rounds[0] & rounds[1]) < 8


def test_pictures_by_the_hundred_are_decoded_once_a_round():
    class Counting(Arrays):
        asked = 0

        def read(self, number):
            self.asked += 1
            return super().read(number)

    source = Counting([np.zeros((32, 32), np.uint8)] * 200)
    patches = Patches(source, side=16, per_picture=4, cache_mib=64 * 32 * 32 / 2**20, augment=AS_THEY_ARE)
    for k in range(patches.per_round):
        patches[k]
    assert source.asked == 200


def test_patches_are_flipped_and_turned_as_often_as_asked():
    ramp = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    upright = Patches(Arrays([ramp]), side=64, augment=Augment(flip=0.5, turn=0), damage="square_centre")
    falls = [truth[0, 0, 0] > truth[0, 0, -1] for truth, _ in (upright[k] for k in range(200))]
    assert 75 < sum(falls) < 125
    turned = Patches(Arrays([ramp]), side=64, augment=Augment(flip=0, turn=0.5), damage="square_centre")
    unseen = [(known[0, :3, :3] == 0).any() for _, known in (turned[k] for k in range(200))]
    assert 70 < sum(unseen) < 125


def test_corners_that_are_turned_in_are_unknown():
    patches = Patches(PICTURES, side=40, augment=Augment(flip=0, turn=1, degrees=30), damage="square_centre")
    known = np.mean([patches[k][1][0] for k in range(60)], axis=0)
    assert known[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 0.1
    assert known[3:-3, 5].mean() > 0.9


def test_a_turned_patch_shows_paint_in_its_corners_too():
    """Of a picture that rises evenly it rises evenly itself; what is mirrored would fall."""
    rows, cols = np.mgrid[:100, :80]
    picture = np.stack([2 * rows, 3 * cols, rows + cols], axis=-1).astype(np.uint8)
    patches = Patches(Arrays([picture]), side=40, augment=Augment(flip=0.5, turn=1), damage="square_centre")
    for k in range(60):
        truth = 255 * patches[k][0].astype(float)
        for axis in (1, 2):
            assert np.abs(np.diff(truth, n=2, axis=axis)).max() < 1e-3


def test_a_picture_without_room_to_turn_stays_upright():
    picture = Arrays([np.zeros((44, 90), np.uint8)])
    tight = Patches(picture, side=40, augment=Augment(turn=1), damage="square_centre")
    unseen = [(known[0, :3, :3] == 0).any() for _, known in (tight[k] for k in range(60))]
    assert 0 < sum(unseen) < 20  # only where it is turned by a few degrees


def test_small_pictures_are_padded_with_unknown_and_told_of(caplog):
    small = Arrays([RNG.integers(0, 256, (20, 90), dtype=np.uint8), np.zeros((90, 90), np.uint8)])
    with caplog.at_level("WARNING", "tratteggio"):
        patches = Patches(small, side=32, damage="cracks")
    assert patches.small == ("array 0",)
    assert "1 of 2 images are smaller than a patch of 32 pixels" in caplog.text
    for k in range(50):
        truth, known = patches[k]
        if truth.any():
            assert not known[0, :6].any()
            assert not known[0, -6:].any()
            assert known.any()


def test_a_picture_of_one_pixel_is_still_known_where_all_is_lost():
    patches = Patches(Arrays([np.full((1, 1), 9, np.uint8)]), side=8, damage="square_centre")
    assert patches[0][1].sum() == 1


def test_stages_are_timed():
    patches = Patches(PICTURES, side=16)
    patches[0]
    assert set(patches.seconds) == {"decode", "cut", "damage"}
    assert all(seconds > 0 for seconds in patches.seconds.values())


def test_what_cannot_be_is_refused():
    for options, message in (
        ({"side": 1}, "side must be at least"),
        ({"per_picture": 0}, "per_picture must be at least"),
        ({"seed": -1}, "seed must be a whole number"),
    ):
        with pytest.raises(BadUsage, match=message):
            Patches(PICTURES, **options)
    with pytest.raises(UnknownName, match="did you mean 'degrees'"):
        Patches(PICTURES, augment={"degree": 3})
    with pytest.raises(BadUsage, match=r"flip must be 0 \.\. 1, got 2"):
        Patches(PICTURES, augment={"flip": 2})
    with pytest.raises(BadUsage, match="turn must be a number, got 'yes'"):
        Patches(PICTURES, augment={"turn": "yes"})
    with pytest.raises(UnknownName, match="no damage named 'crack'"):
        Patches(PICTURES, damage="crack")
    with pytest.raises(IndexError, match="numbered from 0"):
        Patches(PICTURES)[-1]


# --- autoencoders --------------------------------------------------------------------------------------


def test_nothing_is_lost_if_no_damage_is_asked_for():
    patches = Patches(PICTURES, side=24, damage="none", augment=AS_THEY_ARE)
    assert all((patches[k][1] == 1).all() for k in range(20))


def test_flips_reach_all_eight_positions_of_a_patch_and_no_other():
    only = np.arange(16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    augment = Augment(flip=0.5, turn=0, upend=0.5, diagonal=0.5)
    patches = Patches(Arrays([only]), side=16, damage="none", augment=augment)
    upright = only.transpose(2, 0, 1) / np.float32(255)
    turns = [np.rot90(upright, k, axes=(1, 2)) for k in range(4)]
    eight = {of.tobytes() for turned in turns for of in (turned, turned[..., ::-1])}
    found = [patches[k][0] for k in range(100)]
    assert {patch.tobytes() for patch in found} == eight
    assert all(patch.flags.c_contiguous for patch in found)


def test_lacunae_do_not_turn_with_the_patch():
    patches = Patches(PICTURES, side=24, damage="square_centre", augment={"diagonal": 1, "upend": 1})
    assert (patches[3][1][0, 8:16, 8:16] == 0).all()


def test_more_flips_leave_the_patches_of_earlier_runs_as_they_were():
    assert Augment().upend == Augment().diagonal == 0
    plain, flipped = (Patches(PICTURES, side=24, augment={"upend": upend}) for upend in (0, 1))
    assert np.array_equal(plain[5][0], flipped[5][0][:, ::-1])


def test_any_place_of_any_picture_is_as_likely():
    """Pictures of 8 x 8 and 8 x 24 have 1 and 17 places for patches of 8."""
    small, wide = np.zeros((8, 8, 1), np.uint8), np.tile(np.arange(1, 25, dtype=np.uint8), (8, 1))[..., None]
    patches = Patches(Arrays([small, wide]), side=8, damage="none", augment=AS_THEY_ARE, per_picture=None)
    first = np.array([round(patches[k][0][0, 0, 0] * 255) for k in range(1800)])
    counts = np.bincount(first, minlength=18)
    assert len(counts) == 18
    assert counts.min() > 60
    assert counts.max() < 145
    assert same(patches[7], patches[7])


def test_a_picture_smaller_than_the_patch_has_one_place_its_middle():
    patches = Patches(Arrays([np.full((5, 9, 1), 9, np.uint8)]), side=8, damage="none", per_picture=None)
    assert all(patches[k][1].sum() in (40, 64) for k in range(5))


def test_modalities_are_missing_as_often_as_is_asked_but_never_all():
    pictures = Arrays([RNG.integers(0, 256, (40, 40, 5), dtype=np.uint8)])
    patches = Patches(
        pictures,
        side=16,
        damage="none",
        augment=AS_THEY_ARE,
        modalities=(3, 1, 1),
        absent=0.5,
        per_picture=None,
    )
    known = np.stack([patches[k][1] for k in range(300)])
    assert known.shape == (300, 5, 16, 16)
    there = known.reshape(300, 5, -1)
    assert (there.min(2) == there.max(2)).all()
    assert (there[:, :3].max(1) == there[:, :3].min(1)).all()
    assert (there.max((1, 2)) == 1).all()
    assert 0.4 < there[:, 3].mean() < 0.7


def test_a_share_of_no_modalities_is_refused():
    with pytest.raises(BadUsage, match="share 0 .. 1 of the modalities of a patch, got 0.5 for 0"):
        Patches(PICTURES, absent=0.5)


def test_one_modality_alone_is_damaged_where_it_is_the_one_to_fill():
    pictures = Arrays([RNG.integers(0, 256, (40, 40, 5), dtype=np.uint8)])
    options = {"side": 16, "damage": "square_20", "augment": AS_THEY_ARE, "per_picture": None}
    _, known = Patches(pictures, **options, modalities=(1, 3, 1), filled=1)[0]
    assert known.shape == (5, 16, 16)
    assert known[[0, 4]].all()
    assert (known[1:4] == known[1]).all()
    _, alike = Patches(pictures, **options)[0]
    np.testing.assert_array_equal(known[1], alike[0])


def test_a_modality_to_fill_must_be_there():
    with pytest.raises(BadUsage, match="number of a modality of 2, got 2"):
        Patches(PICTURES, modalities=(2, 1), filled=2)


def test_lacunae_that_are_fixed_stay_with_their_picture():
    source = Phantoms(3, rows=64, cols=64)
    patches = Patches(source, side=64, damage="square_20", per_picture=1, augment=AS_THEY_ARE, fixed=True)
    rounds = [{digest_of(patches[3 * turn + at]) for at in range(3)} for turn in range(2)]
    assert rounds[0] == rounds[1]
    assert len(rounds[0]) == 3
    fresh = Patches(source, side=64, damage="square_20", per_picture=1, augment=AS_THEY_ARE)
    assert {digest_of(fresh[at]) for at in range(3)} != {digest_of(fresh[3 + at]) for at in range(3)}


def digest_of(patch):
    truth, known = patch
    return truth.tobytes() + known.tobytes()


def test_attributes_of_a_picture_are_the_names_of_the_folders_above_it():
    class Named(Phantoms):
        def name(self, number):
            return ["saint/gold/0.png", "landscape/saint.png"][number]

    source = Named(2, rows=64, cols=64)
    patches = Patches(source, side=32, attributes=["gold", "landscape", "saint"])
    plain = Patches(source, side=32)
    flags = {tuple(patches[k][2].tolist()) for k in range(50)}
    assert flags == {(1, 0, 1), (0, 1, 0)}
    assert all(np.array_equal(a, b) for a, b in zip(patches[3], plain[3], strict=False))
    assert len(plain[3]) == 2
