import os

import pytest

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files import provenance
from tratteggio.files.documents import read_json
from tratteggio.files.limits import decoded_limit, require_decodable, require_metadata
from tratteggio.files.untrusted import untrusted
from tratteggio.models import weights
from tratteggio.training.image_lists import read_image_list


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), KeyError("x"), RecursionError("x"), StopIteration(), OSError(5, "x"), MemoryError()],
)
def test_whatever_a_parser_raises_becomes_one_error_that_names_the_file(error: Exception) -> None:
    with pytest.raises(UnreadableFile, match=r"^panel\.tif ") as caught, untrusted("panel.tif"):
        raise error
    assert "\n" not in str(caught.value)


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(BadUsage, match="mine"), untrusted("panel.tif"):
        raise BadUsage("mine")


def test_ctrl_c_is_not_an_error_of_the_file() -> None:
    with pytest.raises(KeyboardInterrupt), untrusted("panel.tif"):
        raise KeyboardInterrupt


def test_the_limit_of_decoded_pixels_is_raised_by_the_user_alone(tmp_path) -> None:
    with pytest.raises(UnreadableFile, match="limit of 4 GiB"):
        require_decodable(tmp_path, 5 << 30)
    with decoded_limit(8):
        require_decodable(tmp_path, 5 << 30)
    with pytest.raises(UnreadableFile):
        require_decodable(tmp_path, 5 << 30)


def test_metadata_beyond_all_measure_is_refused(tmp_path) -> None:
    require_metadata(tmp_path, 1 << 20)
    with pytest.raises(UnreadableFile, match="metadata"):
        require_metadata(tmp_path, 1 << 40)


def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path) -> None:
    pipe = tmp_path / "out.tif.history.json"
    os.mkfifo(pipe)
    entered = False
    with pytest.raises(BadUsage, match="is a pipe or a device"), untrusted(pipe):
        entered = True
    assert not entered


@pytest.mark.parametrize(
    "read", [lambda path: read_json(path, what="history"), provenance.sha256, weights.sha256, read_image_list]
)
def test_what_is_read_as_a_whole_is_never_a_pipe(tmp_path, read) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadUsage, match="is a pipe or a device"):
        read(pipe)
