"""Lost and forgotten credentials: single-use links, what they open, what is cut and how it is issued anew (MD-51 to MD-53)."""
