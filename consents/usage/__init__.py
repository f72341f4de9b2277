"""Which features people use: counted only for those who agree to it, and shown to them entry by entry (PC-19)."""
