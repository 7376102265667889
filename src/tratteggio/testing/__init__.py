"""The laws of tratteggio as pytest classes. Run them on the engines and other parts of your own package.

Install your package, so that tratteggio finds its entry points. Then inherit from a class, once per role:

    from tratteggio.testing import DetectorLaws, EngineLaws

    class TestMyEngines(EngineLaws):
        names = ["median", "median:radius=3"]       # as in `tg.inpaint(..., engine=...)`

    class TestMyDetectors(DetectorLaws):
        names = ["stains"]

`pytest` then runs every law on every name. The laws make their own phantoms. They need no files, no weights
and no network. tratteggio's own parts are tested with these classes too.

Needs pytest and hypothesis (`pip install tratteggio[test]`). `import tratteggio` does not import this module.
"""

from tratteggio.extras import optional

with optional("pytest", needs="tratteggio.testing needs pytest", install="pip install tratteggio[test]"):
    import pytest

with optional(
    "hypothesis", needs="tratteggio.testing needs hypothesis", install="pip install tratteggio[test]"
):
    import hypothesis  # noqa: F401  said here, before a class needs it

# pytest explains an assert only in modules that it has rewritten, and it must know of them before the import.
pytest.register_assert_rewrite(
    *(
        f"tratteggio.testing.{module}"
        for module in ("detectors", "engines", "enhancers", "finishes", "formats")
    )
)

from tratteggio.testing.detectors import DetectorLaws  # noqa: E402  after they are registered
from tratteggio.testing.engines import EngineLaws  # noqa: E402
from tratteggio.testing.enhancers import EnhancerLaws  # noqa: E402
from tratteggio.testing.finishes import FinishLaws  # noqa: E402
from tratteggio.testing.formats import FormatLaws, ScanFormatLaws, StackFormatLaws  # noqa: E402

__all__ = [
    "DetectorLaws",
    "EngineLaws",
    "EnhancerLaws",
    "FinishLaws",
    "FormatLaws",
    "ScanFormatLaws",
    "StackFormatLaws",
]
