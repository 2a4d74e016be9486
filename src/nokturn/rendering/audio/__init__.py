"""Sound: a score becomes samples, samples become a file."""
