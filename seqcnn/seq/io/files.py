"""Read files whatever their compression, and write them whole or not at all."""

from seqcnn.data.files import atomic_write, is_packed, open_bytes, open_pieces

__all__ = ["atomic_write", "is_packed", "open_bytes", "open_pieces"]
