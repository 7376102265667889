"""Nets: one architecture per file with `NAMES` and `build(name)`; the tensor door; weights and cards."""
