"""The patient's privacy pages: what is held, who saw it, how long, what can be asked."""
