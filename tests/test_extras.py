"""A library that cannot be used is called missing only if it is; else the message gives the reason."""

import sys
from pathlib import Path

import pytest

from tratteggio.errors import MissingExtra, UnsupportedFile
from tratteggio.extras import optional
from tratteggio.filters import _window as window

NEEDS = "the filter median needs OpenCV"


def test_a_missing_library_is_called_missing() -> None:
    told = "needs OpenCV, which is not installed; pip install it"
    installing = optional("cv2", needs=NEEDS, install="pip install it")
    with pytest.raises(MissingExtra, match=told) as caught, installing:
        raise ModuleNotFoundError("No module named 'cv2'", name="cv2")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libGL.so.1: cannot open shared object file"),
        ModuleNotFoundError("No module named 'numpy.core'", name="numpy.core"),
        AttributeError("_ARRAY_API not found"),
    ],
)
def test_a_library_that_does_not_load_gives_the_reason(error: Exception) -> None:
    installing = optional("cv2", needs=NEEDS, install="pip install it")
    with pytest.raises(MissingExtra, match="installed but cannot be imported") as caught, installing:
        raise error
    assert str(error) in str(caught.value)
    assert "not installed" not in str(caught.value)


def test_errors_of_ours_pass() -> None:
    with pytest.raises(UnsupportedFile), optional("rawpy", needs=NEEDS, install="pip install it"):
        raise UnsupportedFile("a camera that is not known")


def test_opencv_that_does_not_load_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    with pytest.raises(MissingExtra, match=r"the filter median needs OpenCV.*libGL\.so\.1"):
        window.opencv("median")
