"""Training sets: consultation texts without names, of patients and practices that both agreed, and of nobody else (PC-21).

Two locks are asked for each file at the moment of the build, and again before a set is kept, opened or looked over. A set lies sealed
under a key of its own, which dies with the first of its people who leaves (ADR 0026). Nothing here sends anything anywhere.
"""
