"""Vectors of the link: frames, bodies, LCD text and session scripts, written by generate.py."""
