"""Neural layers that know which pixels are known."""
