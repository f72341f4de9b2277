"""News by e-mail, for those who agree to it: the audience, what is sent, and one click that stops it (PC-18, PC-100)."""
