"""Codes of digits that nobody can guess."""

import secrets


def random_digits(count: int) -> str:
    """So many digits, leading zeros included."""
    return f"{secrets.randbelow(10**count):0{count}d}"
