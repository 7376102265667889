"""What is written: pixels, and nothing that only looks like them."""

import numpy as np
import pytest

from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.painting import Scan


def test_a_scan_in_place_of_its_pixels_is_refused_with_what_to_give(tmp_path):
    scan = Scan(np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(BadUsage, match=r"got a scan; give `scan\.pixels`"):
        files.write(scan, tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []
    files.write(scan.pixels, tmp_path / "out.png", metadata=scan.metadata)
