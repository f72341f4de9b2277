"""Public libraries measured beside ours, each in an environment of its own: none is a dependency of the house."""
