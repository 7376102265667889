"""What all tests share: no coin flips, and one thread each, since several run at once."""

import os

# Read by numpy and torch when they are first imported, which is after this file.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# Derandomised: the same examples in every run, so that red means a change and not bad luck.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
