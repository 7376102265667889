"""What improves a scan: one file each, and the file name is the enhancer's name."""
