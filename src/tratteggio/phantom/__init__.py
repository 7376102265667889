"""Synthetic painted panels with damage and exact truth, any size, from a seed."""
