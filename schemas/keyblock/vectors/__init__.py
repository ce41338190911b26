"""Vectors of the key block, written by generate.py."""
