"""Networks that tell what is to be seen: one file for each family."""
