"""The verbs: each module does one thing from beginning to end, and prints nothing.

What takes long yields its progress as small typed objects; the command line, the notebook and any
other program dress them in their own way.
"""
