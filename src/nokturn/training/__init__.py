"""Training: a token store and settings in, model files out, with progress on the way."""
