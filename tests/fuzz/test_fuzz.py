"""Mutated inputs of every format are read or refused: no traceback, no lost source, no litter, no flood."""

import random
import struct
import sys

import pytest

from fuzz.__main__ import kinds
from fuzz.campaign import campaign, counted
from fuzz.mutate import KINDS, chunks_of, mutated
from fuzz.seeds import FORMATS, Seed, seeds
from fuzz.trial import judge, trial

COUNT = 150


@pytest.mark.parametrize("kind", FORMATS)
def test_mutated_inputs_are_read_or_refused(kind: str) -> None:
    counts, faults = counted(campaign(kind, 0, COUNT))
    assert counts.total() == COUNT
    if kind != "blocks":  # profiles and metadata are carried, not understood
        assert counts["refused"] >= COUNT // 20, "mutations that break nothing test nothing"
    assert not faults, "\n".join(f"{count} x {fault}" for count, fault in kinds(faults))


# --- the harness itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", KINDS)
def test_the_same_number_makes_the_same_mutation(suffix: str) -> None:
    data = bytes(range(256)) * 3
    one, other = (mutated(f"a.{suffix}", data, random.Random("x")) for _ in range(2))
    assert one == other


def test_mutated_png_chunks_have_sound_checksums(tmp_path) -> None:
    (seed, *_) = seeds("png", tmp_path)
    sound = chunks_of(seed.files[seed.touched[0]])
    changed = 0
    for number in range(40):
        data = KINDS["png"](seed.files[seed.touched[0]], random.Random(number))
        changed += data.startswith(b"\x89PNG") and chunks_of(data) != sound
    assert changed >= 20


def test_a_tiff_entry_changes_and_the_file_keeps_its_length(tmp_path) -> None:
    (seed, *_) = seeds("tiff", tmp_path)
    data = seed.files[seed.touched[0]]
    made = [KINDS["tif"](data, random.Random(number)) for number in range(40)]
    assert sum(len(one) == len(data) and one != data for one in made) >= 20
    assert struct.unpack_from("<H", data, 2)[0] == 42


def wrong(tmp_path, monkeypatch: pytest.MonkeyPatch, run) -> str:
    """Judge a sound scan while the verb `inspect` does something else."""
    from tratteggio import files

    (seed, *_) = seeds("png", tmp_path)
    monkeypatch.setattr(files, "read_stack", run)
    folder = tmp_path / "trial"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return judge(trial("png", [Seed(seed.files, seed.touched, (("inspect", seed.touched[0]),))], 0), folder)


def test_what_must_not_happen_is_noticed(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tratteggio.errors import UnreadableFile

    def fails(error: BaseException):
        def run(path) -> None:
            raise error

        return run

    def spoils(path) -> None:
        path.write_bytes(b"x")
        raise UnreadableFile(f"{path} is damaged")

    def steers(path) -> None:
        sys.stdout.write("a \x07 b\n")
        raise UnreadableFile(f"{path} is damaged")

    def chats(path) -> None:
        sys.stderr.write("a library says something\n")
        raise UnreadableFile(f"{path} is damaged")

    def litters(path) -> None:
        path.with_name(".x.part").touch()
        raise UnreadableFile(f"{path} is damaged")

    expected = {
        "exit code 70: ZeroDivisionError": fails(ZeroDivisionError("x")),
        "memory above the limit": fails(MemoryError()),
        "control characters": steers,
        "not one sentence": chats,
        "changed: ": spoils,
        "litter: ": litters,
        "refused": fails(UnreadableFile("a")),
    }
    for number, (verdict, run) in enumerate(expected.items()):
        place = tmp_path / str(number)
        place.mkdir()
        assert wrong(place, monkeypatch, run).startswith(verdict)
