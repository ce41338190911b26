"""Vectors of the envelope: one file per case, written by generate.py."""
