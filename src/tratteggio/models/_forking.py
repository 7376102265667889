"""Nets in processes that were forked: they compute on one thread there, because more would wait for ever.

A forked process has the memory of OpenMP's threads, but not the threads. torch would hand work to them and
wait. Imported for its effect, before any net can run.
"""

from __future__ import annotations

import os

import torch


def _one_thread() -> None:
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_one_thread)
