"""Decides. Plain functions of facts and time; the standard library only.

Where the last case of a `match` covers all that is left, the type checker proves it; `no branch`
beside it tells the coverage the same.
"""
