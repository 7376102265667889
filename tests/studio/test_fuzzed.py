"""The API under requests that nobody would send: each is answered, none is an error of ours."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tratteggio.studio.commands import commands

# Those that would begin a task with what they are given are fuzzed up to their form only.
TASKS = ("fill", "preview", "detect", "teach", "warm", "document", "resume")
numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(
    st.none(), st.booleans(), numbers, st.text(max_size=8), st.sampled_from(["loss", "brush", "size"])
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
points = st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)), min_size=1, max_size=5)
edges = st.integers(0, 10_000_000)
views = st.fixed_dictionaries({"top": edges, "left": edges, "bottom": edges, "right": edges})
LIKELY = {
    "points": points, "view": views, "damage": st.sampled_from(["loss", "crack", None]),
    "tool": st.sampled_from(["brush", "polygon"]), "radius": st.floats(1e-3, 2e4),
    "count": st.integers(1, 1000),
    "row": edges, "col": edges, "threshold": st.floats(1e-3, 1), "text": st.text(min_size=1, max_size=9),
    "form": st.sampled_from(["masks", "geojson", "strokes"]),
}  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_command_takes_or_refuses_what_it_is_sent(studio, data):
    known = commands(studio.session)
    name = data.draw(st.sampled_from(sorted(known)))
    form = known[name][0]
    fields = [field.name for field in msgspec.structs.fields(form)]
    sound = name not in TASKS and name != "export"
    body = {
        field: data.draw(LIKELY.get(field, values) if sound and data.draw(st.integers(0, 9)) else values)
        for field in fields
        if data.draw(st.integers(0, 9))
    }
    if name in TASKS:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode({**body, "\0": 1}), type=form)
        return
    answer = studio.post(name, body)
    assert answer.status_code in (200, 400), (name, body, answer.text)
    assert "error in tratteggio" not in answer.text


@pytest.mark.parametrize(
    "path", ["values", "neutral", "findings", "tiles/false/mix/0/0/0", "tiles/scan/rgb/0/0/0"]
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(
    st.sampled_from(["row", "col", "scan", "threshold", "by", "r", "g", "b", "exposure", "red", "rgb.blue"]),
    st.one_of(st.text(max_size=6), st.floats().map(str), st.integers(-9, 10**12).map(str), st.just("rgb:0")),
))  # fmt: skip
def test_every_question_is_answered_or_refused(path, query, studio):
    answer = studio.get(path, params=query)
    assert answer.status_code in (200, 400, 404), (query, answer.text)
