"""That people decide about people: shown on a public page, measured on the live database (MD-31)."""
