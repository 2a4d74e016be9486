"""Models: symbols and side inputs in, logits out; nothing in here knows what music is."""
