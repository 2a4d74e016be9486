"""The command line: thin commands that call the workflows and dress the answer."""
