"""Evaluation: how valid, how original, how well predicted, how recognisable music is."""
