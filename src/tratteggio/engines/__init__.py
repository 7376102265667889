"""What fills lacunae: one file each, and the file name is the engine's name."""
