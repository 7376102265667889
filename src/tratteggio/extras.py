"""Optional libraries: why one cannot be used here, said in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tratteggio.errors import MissingExtra, TratteggioError


@contextmanager
def optional(module: str, *, needs: str, install: str) -> Iterator[None]:
    """Import an optional library in this block.

    Args:
        module: the name that is imported, "cv2".
        needs: who needs what, "the filter median needs OpenCV".
        install: the command that installs it.

    Raises:
        MissingExtra: it is not installed; or it is, and its import fails, and then the message says why.

    Example:
        >>> with optional("cv2", needs="the engine telea needs OpenCV", install="pip install opencv-python"):
        ...     raise ImportError("libGL.so.1: cannot open shared object file")
        Traceback (most recent call last):
        tratteggio.errors.MissingExtra: the engine telea needs OpenCV, which is installed but cannot be ...
    """
    try:
        yield
    except TratteggioError:
        raise
    except Exception as error:  # a library that was built for another one raises anything
        if isinstance(error, ModuleNotFoundError) and error.name == module:
            raise MissingExtra(f"{needs}, which is not installed; {install}") from error
        detail = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise MissingExtra(
            f"{needs}, which is installed but cannot be imported ({detail}); install it again: {install}"
        ) from error
