"""How able is this elder, and what follows by the norm? application → assessors → 26 answers →
level → publicity → in force.
"""
