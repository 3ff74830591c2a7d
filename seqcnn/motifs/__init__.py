"""Motifs: matrices, exact p-values, scanning, comparison, logos; complete without any network."""
