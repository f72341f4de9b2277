"""The launcher behind ``./dev``: standard library only, because nothing else is there on a bare machine.

commands     what a person types
provision    Debian packages, virtual environment, hash-pinned packages
keyring      keys and passwords of this checkout, under var/keys
servers      how to start and stop one PostgreSQL and one Valkey
services     who uses the embedded servers, and the keeper process that owns them
environment  what every process is told: paths, secrets, addresses
migrating    both databases at the code's state
processes    web, worker and beat of the Procfile
"""
