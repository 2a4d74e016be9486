"""Nokturn."""
