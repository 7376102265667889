"""Windows and halos: a painting of any size is filled piece by piece, and can be resumed.

The windows depend on the lacunae and the engine alone. The tile, which is how much of the painting is
read and saved at a time, gathers windows but never cuts one: that is why a result does not depend on it.
"""

from tratteggio.windows.executing import compute_in_order
from tratteggio.windows.ledger import DiskLedger, Ledger, MemoryLedger
from tratteggio.windows.outputs import Outputs
from tratteggio.windows.plan import Plan, Tile, Window, plan
from tratteggio.windows.run import run
from tratteggio.windows.windowed import Windowed

__all__ = [
    "DiskLedger",
    "Ledger",
    "MemoryLedger",
    "Outputs",
    "Plan",
    "Tile",
    "Window",
    "Windowed",
    "compute_in_order",
    "plan",
    "run",
]
