"""Corpora: where pieces come from, and how they are kept as tokens for training."""
