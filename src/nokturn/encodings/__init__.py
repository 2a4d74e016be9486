"""Encodings: music <-> ids, each in one module, named after it."""
