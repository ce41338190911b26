"""The command line and the demo world; the only package that may import every other."""

__version__ = "0.1.0"
