"""Windows and halos: a painting of any size is filled piece by piece, and can be resumed."""
