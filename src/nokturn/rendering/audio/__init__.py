"""Sound: a small synthesiser in NumPy, its mix, and audio files."""
