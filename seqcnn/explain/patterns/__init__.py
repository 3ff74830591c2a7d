"""Patterns: what seqlets have in common, as TF-MoDISco seeks it (Shrikumar et al. 2018).

Seqlets become islands (`islands`); words that they hold more often than chance lead to patterns
(`words`), which grow by aligning and averaging (`grouping`) and are split and joined by what
describes their letters in the fewest bits (`divide`). `discover` is the whole road on one page.
"""
