"""Plain-NumPy twins of `nn`: loops to be read and trusted, an independent witness in the tests."""
