"""Windows and halos: a painting of any size is filled piece by piece, and can be resumed.

The windows depend on the lacunae and the engine alone. The tile, which is how much of the painting is
read and saved at a time, gathers windows but never cuts one: that is why a result does not depend on it.
"""

from tratteggio.tiles.answers import Answers
from tratteggio.tiles.ledger import DiskLedger, Ledger, MemoryLedger
from tratteggio.tiles.plan import Plan, Tile, Window, plan
from tratteggio.tiles.run import run

__all__ = ["Answers", "DiskLedger", "Ledger", "MemoryLedger", "Plan", "Tile", "Window", "plan", "run"]
