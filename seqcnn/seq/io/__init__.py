"""Sequence files and tables; nothing in here needs jax."""
