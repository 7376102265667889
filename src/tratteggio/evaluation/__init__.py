"""Results against references, with every parameter of every measure stated."""
