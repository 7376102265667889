"""The number of threads of NumPy's matrix products, within and after."""

from threading import Barrier, Thread

import pytest

from tratteggio import blas


@pytest.fixture
def threads():
    functions = blas._functions()
    if functions is None:
        pytest.skip("NumPy is built with another BLAS")
    read, write = functions
    before = read()
    write(2)
    yield read
    write(before)


def test_within_there_is_one_thread_and_then_as_many_as_before(threads):
    with blas.one_thread():
        assert threads() == 1
        with blas.one_thread():
            assert threads() == 1
        assert threads() == 1
    assert threads() == 2


def test_the_last_of_several_threads_to_leave_brings_the_number_back(threads):
    both_inside, seen = Barrier(3), []

    def work(turn):
        with blas.one_thread():
            both_inside.wait()
            leaving[turn].wait()
            seen.append(threads())

    leaving = [Barrier(2), Barrier(2)]
    workers = [Thread(target=work, args=(turn,)) for turn in range(2)]
    for worker in workers:
        worker.start()
    both_inside.wait()
    for turn in range(2):
        leaving[turn].wait()
        workers[turn].join()
    assert seen == [1, 1]
    assert threads() == 2


def test_an_error_within_brings_the_number_back(threads):
    with pytest.raises(ValueError, match="within"), blas.one_thread():
        raise ValueError("within")
    assert threads() == 2
