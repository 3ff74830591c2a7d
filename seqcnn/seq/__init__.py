"""Letters come in here: alphabets, sequence files, shuffled controls, near-duplicates."""
