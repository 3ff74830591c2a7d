"""Convolution, pooling and the other layers: one function each for any number of space axes."""
