"""The tenant boundary: practices, who works in them, and whom they care for."""
