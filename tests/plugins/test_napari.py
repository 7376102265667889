"""The napari plugin: its functions run without napari; npe2 and napari check more if they are there."""

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import files, treatment
from tratteggio.errors import BadUsage, Cancelled
from tratteggio.files.display import TOLERANCE
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.painting.lazy import LazyPixels

PLUGIN = Path(__file__).parents[2] / "plugins" / "napari"
SOURCE = PLUGIN / "src"
SCALE = Metadata((200.0, 100.0), "cm")


@pytest.fixture
def plugin(monkeypatch):
    """Its modules that need neither napari nor Qt."""
    monkeypatch.syspath_prepend(str(SOURCE))
    from napari_tratteggio import layers, reading, work, writing

    yield layers, reading, writing, work
    for name in [name for name in sys.modules if name.startswith("napari_tratteggio")]:
        del sys.modules[name]


def paint(rows=300, cols=700):
    y, x = np.mgrid[:rows, :cols]
    return np.stack([x * 80, y * 150, (x + y) * 50], axis=-1).astype(np.uint16)


@pytest.fixture
def panel(tmp_path):
    stack = Stack((Scan(paint(), metadata=SCALE), Scan(paint()[..., 0], "irr", metadata=SCALE)))
    files.write_stack(stack, tmp_path / "panel.ome.zarr")
    return tmp_path / "panel.ome.zarr"


@pytest.fixture
def proposal(panel):
    lost = np.zeros((300, 700), bool)
    lost[40:60, 100:130] = True
    tg.inpaint(panel, lost, engine="diffusion").save(panel.with_name("out.tif"))
    return panel.with_name("out.tif")


def test_a_stack_is_one_image_layer_for_each_scan(plugin, panel):
    layers, reading, _, _ = plugin
    rgb, irr = reading.get_reader(str(panel))(str(panel))
    assert [layer[1]["name"] for layer in (rgb, irr)] == ["rgb", "irr"]
    assert (rgb[1]["scale"], rgb[1]["units"], rgb[1]["rgb"]) == (
        (100, 50),
        ("micrometer", "micrometer"),
        True,
    )
    assert (rgb[1]["visible"], irr[1]["visible"]) == (True, False)
    assert [level.shape for level in rgb[0]] == [(300, 700, 3), (150, 350, 3)]
    assert all(isinstance(level, LazyPixels) for level in rgb[0])
    shown = files.overview(tg.open(panel).primary, longest=700)
    assert np.abs(np.asarray(rgb[0][0]).astype(int) - shown).max() <= TOLERANCE
    assert irr[0][0].dtype == np.uint16
    assert_array_equal(irr[0][0][10:20, 5], paint()[10:20, 5, 0])
    assert irr[1]["contrast_limits"] == (0, 65535)
    assert layers.source_of(rgb[1]["metadata"]) == panel


def test_a_proposal_is_its_source_the_proposal_the_lacunae_and_the_confidence(plugin, proposal, panel):
    layers, reading, _, _ = plugin
    found = {data[1]["name"]: data for data in reading.get_reader(str(proposal))(str(proposal))}
    assert {name: data[2] for name, data in found.items()} == {
        "rgb": "image", "proposal": "image", "lacunae": "labels", "confidence": "image",
    }  # fmt: skip
    lost = treatment.reopen(proposal).lacunae.read()
    assert_array_equal(found["lacunae"][0], lost)
    first = found["proposal"][0]
    first = first[0] if isinstance(first, list) else first
    wanted = treatment.reopen(proposal)
    shown = files.overview(wanted.original, pixels=wanted.pixels, longest=700)
    assert np.abs(np.asarray(first).astype(int) - shown).max() <= TOLERANCE
    assert layers.source_of(found["proposal"][1]["metadata"]) == panel / "rgb"


def test_layers_lie_upright_and_labels_are_turned_back(plugin, tmp_path):
    layers, _, _, _ = plugin
    files.write(paint(60, 80), tmp_path / "a.tif", metadata=Metadata((200.0, 100.0), "cm", orientation=6))
    [image] = layers.read_layers(tmp_path / "a.tif")
    assert image[0].shape == (80, 60, 3)
    assert image[1]["scale"] == (50, 100)
    labels = np.zeros((80, 60), np.uint8)
    labels[:5, :7] = 2
    damage = layers.damage_of(labels, tg.open(tmp_path / "a.tif").primary)
    assert damage.grid == (60, 80)
    assert damage.of("scratch").lost_px == 35
    with pytest.raises(BadUsage, match="have 50 rows x 60 columns, but .*a.tif has"):
        layers.damage_of(labels[:60, :50], tg.open(tmp_path / "a.tif").primary)


def test_labels_are_written_as_a_damage_map_and_read_back(plugin, panel):
    _, _, writing, _ = plugin
    labels = np.zeros((300, 700), np.int32)
    labels[5:9], labels[20:30, :40] = 1, 3
    target = str(panel.with_name("damage.png"))
    attributes = plugin[0].read_layers(panel)[0][1]
    assert writing.write_labels(target, labels, attributes) == [target]
    found = treatment.read_damage(target, tg.open(panel).primary)
    assert_array_equal(np.asarray(found.indices[:, :]), labels)
    with pytest.raises(BadUsage, match="label 9 has no class; use 1 = loss, 2 = scratch"):
        writing.write_labels(target, labels * 3, attributes)
    with pytest.raises(BadUsage, match="label -1 has no class"):
        writing.write_labels(target, labels * 0 - 1, attributes)
    with pytest.raises(BadUsage, match="have 3 axes"):
        writing.write_labels(target, labels[None], attributes)


def test_what_tratteggio_does_not_read_is_left_to_others(plugin, tmp_path):
    _, reading, _, _ = plugin
    (tmp_path / "notes.tif").write_text("no image")
    assert reading.get_reader(str(tmp_path / "notes.tif")) is None
    assert reading.get_reader(str(tmp_path)) is None
    assert reading.get_reader([str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]) is None


def drain(steps):
    """Return all that a generator yields, and what it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as ended:
            return yielded, ended.value


def test_a_fill_runs_in_the_background_tells_its_progress_and_is_saved(plugin, panel):
    work = plugin[3]
    labels = np.zeros((300, 700), np.uint8)
    labels[40:60, 100:130] = 1
    labels[100:120, 100:130] = 3  # a crack is kept by default
    target = panel.with_name("filled.tif")
    steps = work.follow(lambda progress: work.fill(panel, labels, "diffusion", target, progress))
    shares, made = drain(steps)
    assert shares
    assert shares == sorted(shares)
    assert [data[1]["name"] for data in made] == ["proposal", "lacunae", "confidence"]
    assert treatment.reopen(target).lacunae.lost_px == 600


def test_work_stops_when_nobody_follows_and_its_errors_come_out(plugin):
    _, _, _, work = plugin
    seen, over = [], threading.Event()

    def endless(progress):
        try:
            for number in range(10**9):
                progress(number, 10**9)
        except Cancelled as error:
            seen.append(error)
            over.set()
            raise

    steps = work.follow(endless)
    next(steps)
    steps.close()
    assert over.wait(5)
    with pytest.raises(BadUsage, match="wrong"):
        list(work.follow(lambda progress: _raise()))


def _raise():
    raise BadUsage("wrong")


def test_the_manifest_names_what_is_there(plugin, monkeypatch):
    """Each `python_name` of a function can be imported; the widget is in its file."""
    lines = (SOURCE / "napari_tratteggio" / "napari.yaml").read_text().splitlines()
    names = [line.split("python_name:")[1].strip() for line in lines if "python_name:" in line]
    assert len(names) == 3
    for name in names:
        module, _, attribute = name.partition(":")
        file = SOURCE / (module.replace(".", "/") + ".py")
        assert f"def {attribute}(" in file.read_text() or f"class {attribute}(" in file.read_text()


@pytest.mark.skipif(importlib.util.find_spec("npe2") is None, reason="npe2 is not installed")
def test_npe2_validates_the_manifest():
    done = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", str(SOURCE / "napari_tratteggio" / "napari.yaml")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(importlib.util.find_spec("napari") is None, reason="napari is not installed")
def test_napari_makes_layers_of_what_is_read(plugin, panel, proposal):
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for path in (panel, proposal):
        for data in plugin[0].read_layers(path):
            viewer.add_layer(Layer.create(*data))
    assert len(viewer.layers) == 6
