"""The pieces behind the measurements on real damage: labels, the kept back part, strokes by script."""

import hashlib
import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

ROOT = Path(__file__).parents[2]
LABELS = ROOT / "benchmarks" / "labels"


@pytest.fixture
def benchmark(monkeypatch, request) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module(request.param)


label = pytest.mark.parametrize("benchmark", ["label"], indirect=True)
beds = pytest.mark.parametrize("benchmark", ["beds"], indirect=True)
strokes = pytest.mark.parametrize("benchmark", ["strokes"], indirect=True)


@label
def test_a_polygon_takes_the_pixels_whose_middles_lie_inside(benchmark):
    """Beside a slow test of each middle (even-odd), for a star with a hole."""
    angle = np.linspace(0, 2 * np.pi, 11)[:-1]
    away = np.where(np.arange(10) % 2, 6.3, 14.1)
    star = np.stack([17.2 + away * np.cos(angle), 16.4 + away * np.sin(angle)], axis=1)
    hole = np.array([[15, 14], [19, 14], [19, 18.5], [15, 18.5]], float)
    labels = benchmark.Labels("", "", (34, 33), [("loss", [star, hole])])

    def inside(x: float, y: float) -> bool:
        crossings = 0
        for ring in (star, hole):
            for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
                if (y0 <= y) != (y1 <= y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                    crossings += 1
        return crossings % 2 == 1

    expected = [[int(inside(col + 0.5, row + 0.5)) for col in range(34)] for row in range(33)]
    assert_array_equal(benchmark.rasterise(labels), expected)


@label
def test_later_polygons_lie_over_earlier_ones(benchmark):
    wide = np.array([[0, 0], [6, 0], [6, 4], [0, 4]], float)
    small = np.array([[2, 1], [4, 1], [4, 3], [2, 3]], float)
    codes = benchmark.rasterise(benchmark.Labels("", "", (6, 4), [("stain", [wide]), ("sound", [small])]))
    assert int((codes == 3).sum()) == 24 - 4
    assert not codes[1:3, 2:4].any()


@label
def test_a_raster_that_is_traced_and_drawn_again_is_nearly_the_same(benchmark, tmp_path):
    y, x = np.mgrid[0:80, 0:100]
    codes = np.zeros((80, 100), np.uint8)
    codes[np.hypot(y - 40, x - 40) < 25] = 1
    codes[np.hypot(y - 40, x - 40) < 9] = 0
    codes[60:70, 70:95] = 255
    image, file = tmp_path / "wall.png", tmp_path / "wall.geojson"
    Image.fromarray(np.zeros((80, 100, 3), np.uint8)).save(image)
    benchmark.write_labels(benchmark.trace(codes, image), file, labeller="first")
    again = benchmark.codes_of(benchmark.read_labels(file), image)
    assert float((again != codes).mean()) < 0.01
    assert again[40, 40] == 0
    assert again[65, 80] == 255


@label
def test_labels_of_another_image_are_refused(benchmark, tmp_path):
    image = tmp_path / "wall.png"
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(image)
    with pytest.raises(ValueError, match="SHA-256"):
        benchmark.codes_of(benchmark.Labels("wall.png", hashlib.sha256(b"").hexdigest(), (4, 4), []), image)


@label
def test_agreement_leaves_out_where_either_is_unsure(benchmark):
    one, other = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    one[:4], other[:4] = 1, 1
    one[4:, 5:], other[4:, 5:] = 1, 255
    one[8:, :5], other[8:, :5] = 255, 1
    told = benchmark.agree(one, other)["loss"]
    assert told["f1"] == told["kappa"] == 1


@label
def test_the_labels_of_the_repository_are_read(benchmark):
    files = sorted(LABELS.glob("*.geojson"))
    assert len(files) >= 12
    for file in files:
        labels = benchmark.read_labels(file)
        codes = benchmark.rasterise(labels)
        assert file.stem == Path(labels.image).stem
        assert set(np.unique(codes)) <= set(benchmark.CODES.values())
        assert 0.005 < float((codes != 0).mean()) < 0.6


@beds
def test_both_parts_of_the_beds_hold_enough_and_share_no_painter(benchmark):
    listed = json.loads((LABELS / "beds.json").read_text("utf-8"))
    names = [*listed["drawn"], *listed["painted"]]
    assert len(set(names)) == len(names) > 120
    back = {benchmark.origin(name) for name in names if benchmark.kept_back(name)}
    tuned = {benchmark.origin(name) for name in names if not benchmark.kept_back(name)}
    assert not back & tuned
    assert min(len(back), len(tuned)) > 40


@strokes
def test_strokes_stay_in_what_they_say_and_go_to_mistakes(benchmark):
    lost = np.zeros((120, 160), bool)
    lost[20:60, 20:70] = True
    lost[90:104, 120:140] = True
    annotated = np.ones(lost.shape, bool)
    annotated[:, 80:84] = False
    labeller = benchmark.Labeller(lost, annotated)
    labeller.draw(2, None)
    assert not (labeller.codes[~lost] == benchmark.LOSS).any()
    assert not (labeller.codes[lost | ~annotated] == benchmark.PAINT).any()
    before = labeller.codes.copy()
    answer = lost.copy()
    answer[90:104, 120:140] = False
    labeller.draw(3, answer)
    assert (labeller.codes != before).any()
    assert not (labeller.codes != before)[:90].any()
