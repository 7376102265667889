"""What all classes of laws share: each law runs once for every name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings

from tratteggio.errors import BadUsage

DEPTHS = ("uint8", "uint16", "float32", "float64")

# Fixed examples: red means a change, not bad luck. The same law runs for several classes, and finishes are
# made anew for each example, so neither is a fault.
FIXED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.function_scoped_fixture],
)


class Laws:
    """Laws of one role. Inherit from a subclass, and give `names`.

    Attributes:
        names: what is tested, as users write it: "median", or with options "median:radius=3".
    """

    names: ClassVar[Sequence[str]] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each law for every name; pytest calls this.

        Raises:
            BadUsage: there is no name, so that nothing would be tested.
        """
        if not self.names:
            raise BadUsage(
                f"{type(self).__name__} tests nothing; set `names`, for example names = ['median']",
                option="names",
            )
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", self.names)
