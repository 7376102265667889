import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.errors import BadUsage, UnknownName, UnreadableFile
from tratteggio.training.recipe import Recipe, differences, from_json, rate_at, to_json, with_settings

TEXT = st.text('a_."é\n', max_size=5)
PLAIN = Recipe(name="plain", model="net", steps=100)


@settings(max_examples=30)
@given(
    steps=st.integers(1, 10**7),
    rate=st.floats(1e-9, 1),
    clip=st.none() | st.floats(1e-3, 10),
    options=st.dictionaries(TEXT, st.booleans() | st.integers() | st.floats(-1, 1) | TEXT),
    damage=TEXT | st.dictionaries(TEXT, st.floats(0, 1)),
    init_from=st.none() | TEXT,
)
def test_json_gives_back_the_same_recipe(
    steps: int,
    rate: float,
    clip: float | None,
    options: dict[str, object],
    damage: object,
    init_from: str | None,
) -> None:
    recipe = replace(
        PLAIN, steps=steps, rate=rate, clip=clip, loss_options=options, damage=damage, init_from=init_from
    )
    assert from_json(to_json(recipe)) == recipe


def test_settings_are_read_as_the_type_of_their_key() -> None:
    changed = with_settings(
        PLAIN,
        [
            "steps=7",
            "rate=1",
            "clip=0.5",
            "channels_last=false",
            "precision=bf16",
            "init_from=a=b.safetensors",
        ],
    )
    assert changed == replace(
        PLAIN, steps=7, rate=1.0, clip=0.5, channels_last=False, precision="bf16", init_from="a=b.safetensors"
    )
    assert type(changed.rate) is float


def test_none_clears_what_may_be_absent() -> None:
    assert with_settings(replace(PLAIN, clip=1.0, init_from="w"), ["clip=none", "init_from=none"]) == PLAIN


def test_a_dotted_key_sets_one_entry_and_keeps_the_others() -> None:
    changed = with_settings(
        replace(PLAIN, loss_options={"tv": 0.1, "style": 120}),
        ["loss_options.tv=0.2", "loss_options.window=gaussian", "damage.cracks=1", "damage.walk=0.5"],
    )
    assert changed.loss_options == {"tv": 0.2, "style": 120, "window": "gaussian"}
    assert changed.damage == {"cracks": 1, "walk": 0.5}


def test_a_name_is_set_with_all_its_options() -> None:
    changed = with_settings(
        replace(PLAIN, damage="none"), ["loss=l1_ssim:weight=0.2", "spoilt=noise:strongest=0.1"]
    )
    assert (changed.loss, changed.loss_options) == ("l1_ssim", {"weight": 0.2})
    assert (changed.spoilt, changed.spoilt_options) == ("noise", {"strongest": 0.1})


@pytest.mark.parametrize(
    ("setting", "kind", "sentence"),
    [
        ("step=3", UnknownName, "no setting named 'step'; did you mean 'steps'?"),
        ("shedule.x=3", UnknownName, "did you mean 'schedule'?"),
        ("steps=3.5", BadUsage, "steps must be a whole number, got '3.5'"),
        ("steps=many", BadUsage, "steps must be a whole number, got 'many'"),
        ("rate=fast", BadUsage, "rate must be a number, got 'fast'"),
        ("rate=nan", BadUsage, "rate must be a positive number, got nan"),
        ("rate=NaN", BadUsage, "rate must be a positive number, got nan"),
        ("steps=none", BadUsage, "steps must be a whole number, got 'none'"),
        ("channels_last=1", BadUsage, "channels_last must be true or false, got '1'"),
        ("clip=yes", BadUsage, "clip must be a number, got 'yes'"),
        ("steps", BadUsage, 'a setting is written "key=value"'),
        ("=3", BadUsage, 'a setting is written "key=value"'),
        ("rate.x=3", BadUsage, "rate is a single value"),
        ("loss_options=tv", BadUsage, "loss_options must be an object of settings"),
        ("reduced=8", BadUsage, "reduced must be at least the side of a patch, 256, got 8"),
        ("steps=0", BadUsage, "steps must be at least 1, got 0"),
        ("rate=0", BadUsage, "rate must be a positive number"),
        ("seed=-1", BadUsage, "seed must be a whole number from 0"),
        ("schedule=cosin", UnknownName, "did you mean 'cosine'?"),
        ("precision=16", UnknownName, "no precision named '16'"),
    ],
)
def test_what_cannot_be_set_is_an_error(setting: str, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as met:
        with_settings(PLAIN, [setting])
    assert type(met.value) is kind
    assert sentence in str(met.value)


def test_json_of_another_kind_is_refused() -> None:
    values = json.loads(to_json(PLAIN))
    with pytest.raises(UnreadableFile, match="not a sound recipe"):
        from_json("{", source="recipe.json")
    with pytest.raises(UnreadableFile, match="must be an object, got a list"):
        from_json("[]")
    with pytest.raises(UnknownName, match="did you mean 'batch'"):
        from_json(json.dumps({**values, "bach": 3}))
    with pytest.raises(BadUsage, match="recipe lacks model, steps"):
        from_json('{"name": "x"}')
    with pytest.raises(BadUsage, match="loss_options.tv must be"):
        from_json(json.dumps({**values, "loss_options": {"tv": []}}))


def test_differences_are_named() -> None:
    assert differences(PLAIN, replace(PLAIN, rate=1e-3, seed=4)) == [
        "rate: 0.0002, not 0.001",
        "seed: 0, not 4",
    ]
    assert not differences(PLAIN, PLAIN)


# --- the schedules, against their formulas -----------------------------------------------------------


def test_a_constant_rate_is_constant() -> None:
    assert {rate_at(PLAIN, step) for step in range(100)} == {2e-4}


def test_inverse_time_is_that_of_the_fp_cae() -> None:
    """Rate 12e-4 with decay 3e-5 has halved after 33,333 updates."""
    recipe = replace(PLAIN, steps=10**6, rate=12e-4, schedule="inverse_time", decay=3e-5)
    assert math.isclose(rate_at(recipe, 33_333), 6e-4, rel_tol=1e-4)


def test_cosine_climbs_then_falls_to_nothing() -> None:
    recipe = replace(PLAIN, rate=1.0, schedule="cosine", warmup=10)
    rates = [rate_at(recipe, step) for step in range(100)]
    assert rates[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 1e-3


def test_patches_are_damaged_or_spoilt_but_not_both() -> None:
    assert Recipe(name="", model="", steps=1, damage="none", spoilt="noise").spoilt == "noise"
    with pytest.raises(BadUsage, match="patches spoilt by noise are not damaged as well; set damage=none"):
        Recipe(name="", model="", steps=1, spoilt="noise")


@pytest.mark.parametrize(
    ("model", "damage", "dataset"),
    [
        ("ti-unet:channels=8", "bared", "losses"),
        ("crack-unet", "none", "cracks"),
        ("fp-cae:rgb=3,irr=1", "dense", "paintings"),
        ("pconv-compact", "dense", "images"),
    ],
)
def test_a_recipe_written_before_datasets_had_names_is_read_with_its_dataset(model, damage, dataset) -> None:
    written = json.loads(to_json(replace(PLAIN, model=model, damage=damage)))
    del written["dataset"]
    read = from_json(json.dumps(written))
    assert read.dataset == dataset
    assert read.damage == ("large_losses" if damage == "bared" else damage)
