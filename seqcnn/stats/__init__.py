"""Statistical tests, curves, intervals and numbers in log space; the only home of each."""
