"""Read what networks have learnt: attributions, patterns, variants."""
