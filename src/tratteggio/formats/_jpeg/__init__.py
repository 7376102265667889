"""How a JPEG is read and written."""
