"""Certificates, audits and training with their due days and proofs (PC-82)."""
