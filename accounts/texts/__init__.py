"""Text messages to a number that an account proved: a code, and what a person would rather not miss (PC-34, PC-99)."""
