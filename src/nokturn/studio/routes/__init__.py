"""The addresses below /api: a module for each resource, each with a `router`."""
