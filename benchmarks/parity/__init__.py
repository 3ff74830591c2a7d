"""Parity of the zoo with its references: same weights, same outputs, map by map."""
