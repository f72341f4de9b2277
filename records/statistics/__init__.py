"""Statistics of the profession: published totals of practices that agree, in which nobody can be recognised (PC-20).

A quarter's question is answered once. Whoever hasn't agreed isn't read; each practice and each patient counts up to a bound; a group
appears only above a threshold that eleven practices can't reach by luck; noise from OpenDP is added; and what all of it may tell about
one practice is entered in a ledger that refuses more than a year's worth (ADR 0022).
"""
