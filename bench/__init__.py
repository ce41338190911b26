"""Figures, each a ratio measured in one run: `make bench`."""
