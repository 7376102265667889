"""Chains say all of themselves and refuse what they do not know."""

import shlex
import tracemalloc

import pytest

from tratteggio.errors import BadUsage, UnknownName
from tratteggio.filters.chain import FILTERS, Step, as_options, catalogue, chain, options_of


def test_a_chain_prints_every_option_and_is_read_again_from_its_words():
    steps = chain(
        ["weighted:weights=1,4,6,4,1,border=zero", "gaussian:sigma=1.5", "gaussian_noise:sigma=0.1"]
    )
    assert as_options(steps) == (
        "--op weighted:weights=1,4,6,4,1,border=zero --op gaussian:sigma=1.5,border=reflect "
        "--op gaussian_noise:sigma=0.1,mean=0,seed=0"
    )
    assert chain(word for word in shlex.split(as_options(steps)) if word != "--op") == steps


def test_a_file_name_with_blanks_survives():
    words = shlex.split(as_options(chain("hybrid:far=from afar.tif,low=8,high=20")))
    assert chain(words[1]) == (Step("hybrid", {"far": "from afar.tif", "low": 8.0, "high": 20.0}),)


def test_the_catalogue_lists_every_filter_with_what_it_does():
    listed = catalogue()
    assert [text.partition(":")[0] for text, _ in listed] == list(FILTERS)
    assert all(line.endswith(".") for _, line in listed), listed
    assert dict(listed)["hybrid:far=FAR,low=LOW,high=HIGH,border=reflect"].startswith("Make one picture")


@pytest.mark.parametrize("name", FILTERS)
def test_what_follows_from_a_window_is_no_option(name):
    assert not {"origin", "side", "histogram", "image"} & set(options_of(name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gausian:sigma=2", "no filter named 'gausian'; did you mean 'gaussian'"),
        ("gaussian:sigmas=2", "no option of gaussian named 'sigmas'; did you mean 'sigma'"),
        ("gaussian", "gaussian needs sigma, as in gaussian:sigma=SIGMA,border=reflect"),
        ("hybrid:low=3", "hybrid needs far and high"),
        ("gaussian:sigma=wide", "sigma must be a number, got 'wide'"),
        ("box:size=2.5", "size must be a whole number, got '2.5'"),
        ("weighted:weights=1,x,1", "numbers separated by commas"),
        ("gaussian:2", "separated by commas"),
        ("gaussian:sigma=1,sigma=2", "sigma twice"),
        ("gaussian:sigma=0", "gaussian: sigma is a number above 0, got 0"),
        ("gaussian:sigma=nan", "sigma is a number above 0, got nan"),
        ("median:size=4", "median: size is an odd number of pixels"),
        ("gamma:exponent=-1", "gamma: exponent is a number above 0"),
        ("box:border=reflekt", "did you mean 'reflect'"),
        ("hybrid:far=a.tif,low=0,high=3", "cycles per image"),
    ],
)
def test_a_wrong_word_is_refused_in_one_sentence(words, message):
    with pytest.raises(BadUsage, match=message) as caught:
        chain(words)
    assert "\n" not in str(caught.value)


def test_an_unknown_filter_and_option_are_lookup_errors_too():
    with pytest.raises(UnknownName):
        chain("blur")
    with pytest.raises(UnknownName):
        Step("box", {"sides": 3})


def test_an_empty_chain_lists_what_there_is():
    with pytest.raises(BadUsage, match="one filter at least; known: band_pass, bilateral"):
        chain([])


@pytest.mark.parametrize("words", ["box:size=100001", "distance:most=90000", "gaussian:sigma=20000"])
def test_a_window_of_any_width_is_read_without_a_picture_as_wide(words: str) -> None:
    tracemalloc.start()
    (step,) = chain([words])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert step.reach((10**6, 10**6)) >= 50_000
    assert peak < 32 * 2**20


def test_an_option_is_looked_at_even_where_the_window_is_wider_than_the_trial() -> None:
    with pytest.raises(BadUsage, match="weights are finite"):
        chain(["weighted:weights=" + ",".join(["1", "-1"] * 100 + ["0"])])
