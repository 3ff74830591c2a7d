"""Fit networks and judge them."""
