"""Arrays to learn from: data sets, splits, batches of fixed shape."""
