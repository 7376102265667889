"""Windows on a cluster: the same bits, whoever dies; what differs on a worker is refused in one sentence."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dask import config
from distributed import Client, LocalCluster
from numpy.testing import assert_array_equal

from tratteggio import files
from tratteggio.engines import fpcae
from tratteggio.errors import BadUsage, Cancelled, ClusterFailed, Stopped, UnreadableFile
from tratteggio.evaluation import evaluate
from tratteggio.features import encode
from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.treatment import FillOptions, detect, enhance, enhance_file, inpaint, inpaint_file
from tratteggio.windows import cluster as clusters
from tratteggio.windows import remote
from tratteggio.windows.cluster import DEATHS, cluster_at, connect


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two worker processes."""
    with (
        config.set({"distributed.scheduler.allowed-failures": DEATHS}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def painting(tmp_path_factory) -> Path:
    """A scan with texture, in tiles."""
    rows, cols = np.mgrid[:1100, :600]
    noise = np.random.default_rng(0).integers(0, 3000, (1100, 600, 3))
    waves = 20000 + 9000 * np.sin(rows / 40) * np.cos(cols / 55)
    path = tmp_path_factory.mktemp("painting") / "panel.tif"
    files.write((waves[..., None] + noise).astype(np.uint16), path)
    return path


@pytest.fixture(scope="module")
def lost() -> np.ndarray:
    """Small losses all over, and a net that is too wide for one window."""
    lost = np.zeros((1100, 600), bool)
    rng = np.random.default_rng(1)
    for row, col in rng.integers(0, (1080, 580), (60, 2)):
        lost[row : row + 9, col : col + 7] = True
    lost[30:1090, 300:304] = True
    return lost


@pytest.fixture(scope="module")
def alone(painting, lost) -> Any:
    """The proposal of one process."""
    return inpaint(painting, lost, engine="tension")


def mask_of(lost: np.ndarray, folder: Path) -> Path:
    files.write(np.where(lost, 255, 0).astype(np.uint8), folder / "lost.png")
    return folder / "lost.png"


def pids(client: Client) -> list[int]:
    return [nanny.pid for nanny in client.cluster.workers.values() if nanny.pid]


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_fill_has_the_same_bits(client, painting, lost, alone):
    shared = inpaint(painting, lost, engine="tension", scheduler=client)
    assert_array_equal(shared.image, alone.image)
    assert_array_equal(np.asarray(shared.confidence), np.asarray(alone.confidence))


def test_damage_features_filters_and_scores_have_the_same_bits(client, painting, lost, random_weights):
    net = {"weights": random_weights / f"{fpcae.WEIGHTS}.safetensors"}
    part = files.read(painting).pixels[:550, :300] // 257
    assert_array_equal(detect(part, "tophat", scheduler=client).read(), detect(part, "tophat").read())
    small = Stack((Scan(part),))
    assert_array_equal(encode(small, **net, scheduler=client), encode(small, **net))
    steps = ["gaussian:sigma=2", "sobel"]
    assert_array_equal(enhance(part, steps, scheduler=client), enhance(part, steps))
    other = part.copy()
    other[50:90] += 3
    here = lost[:550, :300]
    assert evaluate(part, other, here, scheduler=client) == evaluate(part, other, here)


def test_an_enhanced_file_is_written_from_what_workers_compute(client, painting, tmp_path, monkeypatch):
    monkeypatch.chdir(painting.parent)  # workers have another working directory
    enhance_file(painting.name, tmp_path / "a.tif", ["sobel"], scheduler=client)
    enhance_file(painting.name, tmp_path / "b.tif", ["sobel"])
    assert_array_equal(files.read(tmp_path / "a.tif").read(), files.read(tmp_path / "b.tif").read())


def test_killed_workers_change_nothing(client, painting, lost, alone, tmp_path):
    """Three times `kill -9`, each of a worker that is computing."""
    due = [3, 2, 1]

    def progress(done: int, total: int) -> None:
        if due:
            due.pop()
            kill(pids(client)[0])

    target = tmp_path / "proposal.tif"
    inpaint_file(
        painting, mask_of(lost, tmp_path), target, engine="tension", progress=progress, scheduler=client,
        options=FillOptions(tile=512),
    )  # fmt: skip
    assert not due
    assert_array_equal(files.read(target).read(), alone.image)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith((".part", ".job"))]


@pytest.mark.parametrize("first", ["cluster", "alone"])
def test_a_job_goes_on_with_or_without_the_cluster(client, painting, lost, alone, tmp_path, first):
    mask, target = mask_of(lost, tmp_path), tmp_path / "proposal.tif"
    schedulers = [client, None] if first == "cluster" else [None, client]
    told = []

    def stop(done: int, total: int) -> None:
        told.append(done)
        if done > total // 2:
            raise Cancelled

    options = {"engine": "tension", "options": FillOptions(tile=512)}
    with pytest.raises(Stopped):
        inpaint_file(painting, mask, target, **options, progress=stop, scheduler=schedulers[0])
    kept = len(list((tmp_path / "proposal.tif.job").glob("tile-*.npz")))
    assert kept
    again: list[int] = []
    inpaint_file(
        painting, mask, target, **options, resume=True, scheduler=schedulers[1],
        progress=lambda done, total: again.append(done),
    )  # fmt: skip
    assert again[0] > told[0]  # what was kept is not computed again
    assert_array_equal(files.read(target).read(), alone.image)


def test_an_error_of_a_window_comes_as_it_is(client, tmp_path):
    samples = np.ones((64, 64, 3), np.float32)
    samples[40, 40] = np.nan
    with pytest.raises(ValueError, match="row 40, column 40"):
        detect(samples, "tophat", scheduler=client)


def test_another_file_under_the_same_path_is_refused(painting, tmp_path):
    copy = tmp_path / "panel.tif"
    copy.write_bytes(painting.read_bytes())
    order = remote.place_order(files.read(copy).crop)
    region = Region(0, 0, 2, 2)
    assert remote.compute_window(order, region).grid == (2, 2)
    os.utime(copy, (1, 1))  # touched, but the same
    assert remote.compute_window(order, region).grid == (2, 2)
    other = bytearray(painting.read_bytes())
    other[-1] ^= 1
    copy.write_bytes(other)
    with pytest.raises(UnreadableFile, match=r"panel.tif is another file for the worker"):
        remote.compute_window(order, region)
    copy.unlink()
    with pytest.raises(UnreadableFile, match="on storage that they share"):
        remote.compute_window(order, region)


def test_an_order_too_large_or_impossible_to_send_is_refused(monkeypatch):
    lock = threading.Lock()
    with pytest.raises(BadUsage, match="cannot be sent"):
        remote.place_order(lambda _: lock)
    monkeypatch.setattr(remote, "MOST_BYTES", 1000)
    with pytest.raises(BadUsage, match="save them to files"):
        remote.place_order(Lacunae(np.zeros((99, 99), bool)).read)


def test_workers_of_other_versions_are_refused(client, monkeypatch):
    monkeypatch.setattr(remote, "__version__", "0.0.1")  # here; workers tell theirs
    with (
        pytest.raises(ClusterFailed, match=r"has tratteggio .*, but this machine has 0.0.1"),
        connect(client),
    ):
        pass


@pytest.mark.parametrize("scheduler", ["local:0", "local:two", "tcp://", "here", 5])
def test_what_is_no_scheduler_is_refused(scheduler):
    with pytest.raises(BadUsage, match="scheduler must be"), connect(scheduler):
        pass


def test_a_scheduler_that_is_not_there_is_named():
    begun = time.monotonic()
    with (
        pytest.raises(ClusterFailed, match=r"no scheduler answered at tcp://127.0.0.1:9 within"),
        connect("tcp://127.0.0.1:9"),
    ):
        pass
    assert time.monotonic() - begun < 5


def test_a_scheduler_without_workers_is_named(monkeypatch):
    monkeypatch.setattr(clusters, "ANSWER_S", 0.5)
    with (
        LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=60) as empty,
        pytest.raises(ClusterFailed, match="has no workers"),
        connect(empty.scheduler_address),
    ):
        pass


def test_a_lost_scheduler_ends_the_job_and_keeps_what_is_done(painting, lost, alone, tmp_path):
    mask, target = mask_of(lost, tmp_path), tmp_path / "proposal.tif"
    options: dict[str, Any] = {"engine": "tension", "options": FillOptions(tile=512)}
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=60) as workers:

        def progress(done: int, total: int) -> None:
            if done > total // 3:
                workers.close()

        with pytest.raises(ClusterFailed, match="`resume=True`"):
            inpaint_file(
                painting, mask, target, **options, progress=progress, scheduler=workers.scheduler_address
            )
    inpaint_file(painting, mask, target, **options, resume=True)
    assert_array_equal(files.read(target).read(), alone.image)


def test_a_window_that_takes_too_much_memory_is_named():
    def greedy(_: int) -> int:
        return sum(len(bytearray(os.urandom(1 << 20)) * 400) for _ in range(1)) + time.sleep(5)

    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit="250MB", dashboard_address=":0", silence_logs=60
        ) as workers,
        cluster_at(workers.scheduler_address) as executor,
        pytest.raises(ClusterFailed, match="passed their memory limit"),
    ):
        executor.submit(greedy, 1).result()
