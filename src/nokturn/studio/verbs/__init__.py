"""What a worker process can do: each module is one verb, found by its name.

    def run(talk: Talk, **arguments) -> dict      # plain data back

A verb runs in a process of its own. It says how far it is by `talk.say` and looks at `talk.stop`.
"""
