"""Synthetic painted panels with damage and exact truth, any size, from a seed."""

from tratteggio.phantom.panel import Phantom, panel

__all__ = ["Phantom", "panel"]
