"""Paintings, proposals and damage maps of tratteggio in napari."""
