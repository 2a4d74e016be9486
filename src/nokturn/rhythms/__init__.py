"""Rhythms: ways to make a rhythm, one a module; each is found by its name."""
