"""Production: from a few bars of chords or melody to a finished arrangement."""
