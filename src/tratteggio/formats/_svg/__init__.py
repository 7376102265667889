"""What SVG files are read with."""
