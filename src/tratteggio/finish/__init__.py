"""How a fill is shown inside the lacunae: one file each, and the file name is the finish's name."""
