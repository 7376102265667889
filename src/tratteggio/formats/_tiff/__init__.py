"""How a TIFF is read and written."""
