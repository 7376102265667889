"""`tratteggio train` as a person uses it: what it says, what it leaves, and what stands when it fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from training.standins import disk
from tratteggio.cli.main import app
from tratteggio.losses import POSTER_TAPS, Vgg16
from tratteggio.training import loop

SMALL = {"steps": 4, "batch": 2, "side": 32, "keep_every": 2, "validate_every": 4, "loss": "mse"}


def picture(file: Path, rows: int = 40, cols: int = 48, seed: int = 0) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, cols, 3), np.uint8)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four sound pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        picture(folder / f"{number}.png", seed=number)
    return folder


def words(folder: Path, *more: object, recipe: str = "pconv_dunhuang", **settings: object) -> list[str]:
    chosen = [word for key, value in {**SMALL, **settings}.items() for word in ("--set", f"{key}={value}")]
    run = folder.parent / "run"
    return [
        "train",
        recipe,
        "--data",
        str(folder),
        "-o",
        str(run),
        "--device",
        "cpu",
        *chosen,
        *map(str, more),
    ]


def train(folder: Path, *more: object, recipe: str = "pconv_dunhuang", **settings: object) -> Result:
    outcome = CliRunner().invoke(app, words(folder, *more, recipe=recipe, **settings))
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def said(outcome: Result, exit_code: int) -> str:
    """Check that a failure is one sentence with its exit code; return the sentence."""
    assert outcome.exit_code == exit_code, outcome.stderr
    errors = [line for line in outcome.stderr.splitlines() if not line.startswith("note:")]
    assert len(errors) == 1, outcome.stderr
    assert errors[0].startswith("tratteggio: ")
    return errors[0]


def kept(run: Path) -> dict[str, bytes]:
    """All that a run holds, but for the curves, of which TensorBoard opens a new file each time."""
    files = [file for file in run.rglob("*") if file.is_file() and "tensorboard" not in file.parts]
    return {str(file): file.read_bytes() for file in files}


# --- a sound run -------------------------------------------------------------------------------------


def test_a_run_says_where_things_are_and_what_was_measured(folder):
    outcome = train(folder, "--licence", "open", "--set-aside", "0.5")
    assert outcome.exit_code == 0, outcome.stderr
    run = folder.parent / "run"
    for name in ("weights.safetensors", "journal.jsonl", "samples", "pictures.txt", "set_aside.txt"):
        assert (run / name).exists()
        assert str(run / name) in outcome.stdout
    assert "PSNR where lost" in outcome.stdout


def test_a_program_gets_the_same_as_json(folder):
    told = json.loads(train(folder, "--json", "--seed", 7).stdout)
    run = folder.parent / "run"
    assert told["weights"] == str(run / "weights.safetensors")
    assert set(told["figures"]) == {"loss", "psnr_lost"}
    assert json.loads((run / "recipe.json").read_text())["seed"] == 7


def test_what_cannot_be_misspelt_is_looked_at_before_the_pictures(folder):
    (folder / "0.png").write_bytes(b"no picture")  # of which nothing is said
    for wrong, told in (
        ({"recipe": "pconv_dunhang"}, "no recipe named 'pconv_dunhang'; did you mean 'pconv_dunhuang'?"),
        ({"stepps": 3}, "no setting named 'stepps'; did you mean 'steps'?"),
        ({"model": "pconv-compat"}, "no model named 'pconv-compat'; did you mean 'pconv-compact'?"),
        ({"loss": "mso"}, "no objective named 'mso'; did you mean 'mse'?"),
        ({"loss_options.wait": 3}, "no option of mse named 'wait'"),
        ({"damage": "crack"}, "no damage named 'crack'; did you mean 'cracks'?"),
        ({"augment.degree": 3}, "no setting of augment named 'degree'; did you mean 'degrees'?"),
        ({"steps": "many"}, "steps must be a whole number, got 'many'"),
    ):
        assert told in said(train(folder, **wrong), 2)
    assert not (folder.parent / "run").exists()


# --- pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "code", "told"), [(False, 1, "no such folder"), (True, 2, "holds no images")]
)
def test_a_folder_without_pictures(tmp_path, make, code, told):
    folder = tmp_path / "none"
    if make:
        folder.mkdir()
        (folder / "notes.txt").write_text("nothing here")
    assert told in said(train(folder), code)
    assert not (tmp_path / "run").exists()


def test_unreadable_pictures_among_many_are_skipped_counted_and_named(folder):
    for number in range(4, 40):
        picture(folder / f"{number}.png", seed=number)
    (folder / "torn.png").write_bytes((folder / "0.png").read_bytes()[:30])  # cannot be opened
    whole = (folder / "1.png").read_bytes()
    (folder / "1.png").write_bytes(whole[:-3000])  # opens, but cannot be decoded
    outcome = train(folder, steps=8, batch=16, validate_every=8, keep_every=8)
    assert outcome.exit_code == 0, outcome.stderr
    assert "note: 2 pictures could not be read and were left out: 1.png, torn.png" in outcome.stderr
    assert "torn.png" not in (folder.parent / "run" / "pictures.txt").read_text()


def test_more_than_5_percent_unreadable_is_an_error(folder):
    (folder / "torn.png").write_bytes(b"")
    told = said(train(folder), 1)
    assert "1 of 5 images cannot be read, more than 5 %: torn.png" in told
    assert not (folder.parent / "run").exists()


def test_pictures_smaller_than_a_patch(folder):
    told = said(train(folder, side=64), 2)
    assert "none of the 4 pictures is as large as a patch of 64 x 64 pixels" in told
    picture(folder / "large.png", 70, 70)
    assert "at least two pictures" in said(train(folder, side=64), 2)
    picture(folder / "larger.png", 80, 70)
    outcome = train(folder, side=64)
    assert outcome.exit_code == 0, outcome.stderr
    assert "note: 4 of 6 images are smaller than a patch of 64 pixels and are left out" in outcome.stderr


def test_a_list_that_names_what_is_not_there(folder, tmp_path):
    (tmp_path / "list.txt").write_text("0.png\n9.png\n")
    assert "9.png is not" in said(train(folder, "--only", tmp_path / "list.txt"), 2)
    assert "must be a text file" in said(train(folder, "--only", tmp_path / "none.txt"), 1)


# --- going on ----------------------------------------------------------------------------------------


def test_nothing_to_resume(folder):
    assert "contains no saved state" in said(train(folder, "--resume"), 2)
    assert not (folder.parent / "run").exists()


def test_resuming_with_another_recipe_net_or_pictures_changes_nothing(folder):
    assert train(folder).exit_code == 0
    before = kept(folder.parent / "run")
    for told, outcome in (
        ("is not empty; add --resume", train(folder)),
        ("rate: 0.001, not 0.002", train(folder, "--resume", rate=0.002)),
        (
            "model: 'pconv-compact', not 'conv-256-quarter'",
            train(folder, "--resume", model="conv-256-quarter"),
        ),
        (
            "name: 'pconv_dunhuang', not 'dunhuang_conv_mse'",
            train(folder, "--resume", recipe="dunhuang_conv_mse"),
        ),
        ("pictures.txt records how the run was started", train(folder, "--resume", "--set-aside", "0.7")),
    ):
        assert told in said(outcome, 2)
        assert kept(folder.parent / "run") == before
    assert train(folder, "--resume").exit_code == 0
    assert kept(folder.parent / "run") == before


def test_a_full_disk_keeps_the_last_good_state_which_can_be_resumed(folder, monkeypatch):
    run = folder.parent / "run"
    with disk() as fill:
        monkeypatch.setattr(loop, "save_state", at_step(4, lambda: fill(20_000)))
        told = said(train(folder), 1)
    assert "make room, then continue with --resume" in told
    assert [file.name for file in (run / "state").iterdir()] == ["step-00000002.safetensors"]
    monkeypatch.undo()
    assert train(folder, "--resume").exit_code == 0
    resumed = load_file(run / "weights.safetensors")
    run.rename(run.with_name("resumed"))
    assert train(folder).exit_code == 0
    assert same(load_file(run / "weights.safetensors"), resumed)


def test_ctrl_c_ends_after_the_step_in_hand_with_130(folder, monkeypatch):
    monkeypatch.setattr(loop, "save_state", at_step(2, lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert "stopped after step 3 of 4; continue with --resume" in said(train(folder), 130)
    monkeypatch.undo()
    assert train(folder, "--resume").exit_code == 0


def at_step(step, act):
    """`save_state`, with something that happens when a step is about to be saved."""
    from tratteggio.training.checkpoint import save_state

    def save(run, progress, **what):
        if progress.step == step:
            act()
        save_state(run, progress, **what)

    return save


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_loss_that_is_no_number_stops_with_its_batch_saved(folder):
    told = said(train(folder, rate=1e30, warmup=0, clip="none", keep_every=1), 1)
    assert "train anew with a lower rate" in told
    saved = list((folder.parent / "run").glob("diverged-step-*.npz"))
    assert len(saved) == 1
    assert str(saved[0]) in told


# --- feature weights ---------------------------------------------------------------------------------


def test_feature_weights_with_wrong_keys_wrong_hash_or_missing(folder, tmp_path):
    vgg = Vgg16(POSTER_TAPS).state_dict()
    file = tmp_path / "vgg.safetensors"
    save_file(vgg, file)
    assert "must have the sha256 00ff" in said(
        train(folder, "--features", file, "--set", "loss_options.features_sha256=00ff", loss="poster"), 1
    )
    save_file({f"net.{name}": tensor for name, tensor in vgg.items()}, file)
    assert "lacks features.0.weight" in said(train(folder, "--features", file, loss="poster"), 1)
    assert "give its weights with --features" in said(train(folder, loss="poster"), 3)
    assert "there is no file" in said(train(folder, "--features", tmp_path / "none.pth", loss="poster"), 3)
    assert "omit --features" in said(train(folder, "--features", file), 2)
    assert not (folder.parent / "run").exists()


# --- the real thing ----------------------------------------------------------------------------------

# Far more steps than kills need, so that no run is over before it is killed.
PLENTY = {"steps": 90, "batch": 1, "keep_every": 10, "validate_every": 90}


def test_killed_three_times_it_ends_with_the_bits_of_an_undisturbed_run(folder):
    run = folder.parent / "run"
    command = [sys.executable, "-c", "from tratteggio.cli.main import main; main()"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    resume: tuple[str, ...] = ()
    for step in (10, 20, 30):
        process = subprocess.Popen(
            [*command, *words(folder, *resume, **PLENTY)], env=environment, stderr=subprocess.PIPE, text=True
        )
        wait_for(run, step, process)
        process.kill()
        assert process.wait() == -signal.SIGKILL, process.stderr.read()
        process.stderr.close()
        resume = ("--resume",)
    done = subprocess.run(
        [*command, *words(folder, *resume, **PLENTY)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    killed = load_file(run / "weights.safetensors")
    run.rename(run.with_name("killed"))
    assert train(folder, **PLENTY).exit_code == 0
    assert same(load_file(run / "weights.safetensors"), killed)


def wait_for(run: Path, step: int, process: subprocess.Popen[str]) -> None:
    """Wait until a run has saved the state of a step."""
    while not any(file.name >= f"step-{step:08d}" for file in (run / "state").glob("step-*")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)


# --- latents -----------------------------------------------------------------------------------------


def test_active_numbers_of_a_latent_are_told_and_a_collapse_is_a_note(folder):
    """After one step nothing has been learnt, so the cloud of the compact form is still N(0, 1)."""
    outcome = train(
        folder, "--set-aside", "0.5", "--set", "loss_options.divergence=1", recipe="vae_inpainting",
        steps=1, rate=1e-9, loss="elbo",
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    assert "0 of its numbers depend on the image" in outcome.stdout
    assert "the latent of vae-compact:colours=1 has collapsed" in outcome.stderr
