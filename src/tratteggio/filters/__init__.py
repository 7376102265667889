"""Classical image processing on arrays."""
