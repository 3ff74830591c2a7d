"""Engines that find the windows of a score or more; all of them find the same ones."""
