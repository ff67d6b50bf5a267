"""Key figures: named formulas over facts, each with its numerator and denominator as integers.

`measures` folds facts into counts and sums by campaign, agent and half hour; `agents` does so with
time; `book` holds prices, revenue and shifts; `registry` names the formulas and `evaluate` applies
them. Where the sums are kept, and from which facts a roll-up is brought up to date, is the store's
business.
"""
