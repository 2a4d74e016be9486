"""Rendering: music becomes pictures and sound."""
