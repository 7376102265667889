"""Synthetic painted panels with damage and exact truth, any size, from a seed."""

from tratteggio.phantom.examination import Examination, Truth, multimodal
from tratteggio.phantom.panel import Phantom, panel

__all__ = ["Examination", "Phantom", "Truth", "multimodal", "panel"]
