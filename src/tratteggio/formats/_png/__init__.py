"""How a PNG is read and written."""
