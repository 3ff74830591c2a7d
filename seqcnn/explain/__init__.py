"""What a network goes by: attributions, the seqlets that stand out in them, and their patterns."""
