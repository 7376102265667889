"""Where the machine gives out, the error says so; all other errors pass as they are."""

import errno

import pytest
from safetensors import SafetensorError

from tratteggio.errors import OutOfMemory, TratteggioError
from tratteggio.failures import machine_failures


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 9 TiB"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("std::bad_alloc"),
        SafetensorError("unable to mmap 7149608 bytes from file <a>: Cannot allocate memory (12)"),
    ],
)
def test_memory_that_gives_out_is_one_sentence(error: Exception) -> None:
    told = "there is not enough memory for this work; use less"
    with pytest.raises(OutOfMemory, match=told) as caught, machine_failures("use less"):
        raise error
    assert caught.value.exit_code == 1
    assert caught.value.__cause__ is error


def test_opencv_that_runs_out_of_memory_is_known() -> None:
    cv2 = pytest.importorskip("cv2")
    with pytest.raises(OutOfMemory), machine_failures("use less"):
        raise cv2.error("OpenCV(4.10.0) alloc.cpp:73: error: (-4:Insufficient memory) in alloc")


@pytest.mark.parametrize("how", ["is killed by signal: Killed. ", "exited unexpectedly"])
def test_a_killed_worker_is_one_sentence(how: str) -> None:
    told = "was killed.*`resume=True`, with fewer workers"
    with pytest.raises(TratteggioError, match=told), machine_failures("use less"):
        raise RuntimeError(f"DataLoader worker (pid(s) 4242) {how}")


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory"), KeyError("a")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, machine_failures("use less"):
        raise error
    assert caught.value is error


def test_a_worker_that_resets_its_connection_was_killed() -> None:
    with pytest.raises(TratteggioError, match="was killed"), machine_failures("wait"):
        raise ConnectionResetError(104, "Connection reset by peer")
