"""Vectors of the deal: one file per case, written by generate.py."""
