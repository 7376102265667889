"""The version, in a module that imports nothing, so that packaging and `--version` read it at once."""

__version__ = "0.1.0"
