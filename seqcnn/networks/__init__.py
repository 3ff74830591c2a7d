"""Networks, and what is needed to save and load them."""
