"""From pixels to arrays: files, colours, filters, augmentation, k-means, masks."""
