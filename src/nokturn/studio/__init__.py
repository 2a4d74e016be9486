"""The studio: a page in the browser on top of the workflows.

The server never reads a stranger's file, engraves, renders or learns itself: it hands that to
worker processes, so that it always answers. `app` puts the parts together, `jobs` holds the long
work and `desk` the short, `verbs` are what workers can do, `library` keeps the pieces.
"""
