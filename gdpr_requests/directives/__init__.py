"""Directives for after death: written, revoked, and carried out by people when a death is recorded (LIL art. 85; MD-30)."""
