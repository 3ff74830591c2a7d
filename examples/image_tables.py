"""A picture is a table: rows * columns pixels below each other, one column for each channel.

Writes a picture and its table of pixels, and makes the picture from the table again. Then the same
in every depth that cameras use (logical, 8 bits, 12 bits kept in 16, 16 bits, floats), and what a
network sees of each: numbers from 0 to 1. 16 bits count to 65,535, 12 bits to 4,095.

    python examples/image_tables.py FOLDER [PICTURE]
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.files import read_image, write_image
from seqcnn.image.stored import set_channels, to_float
from seqcnn.image.synthetic import draw_cells
from seqcnn.image.table import image_to_table, read_pixel_table, table_to_image, write_pixel_table


def main(out: Path, toy: bool = False, picture: Path | None = None) -> None:
    """Write pictures and tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    size = 16 if toy else 128
    grey = draw_cells(1, size=size).x[0] if picture is None else read_image(picture)
    grey = set_channels(grey, 1)
    if grey.dtype != np.uint8:
        grey = np.round(to_float(grey) * 255).astype(np.uint8)

    table = image_to_table(grey)
    print(f"a picture {grey.shape} is a table {table.shape}")
    again = table_to_image(table, (grey.shape[0], grey.shape[1]))
    print("made from its table it is the same:", bool((again == grey).all()))
    write_image(out / "picture.png", grey)
    write_pixel_table(out / "picture.tsv", grey)
    from_file = read_pixel_table(out / "picture.tsv")
    print("and so it is from the file:", bool((from_file == grey).all()))

    depths = {
        "logical": (grey > 127, None),
        "8 bits": (grey, None),
        "12 bits in 16": (np.round(grey / 255 * 4_095).astype(np.uint16), 12),
        "16 bits": (grey.astype(np.uint16) * 257, None),
        "float": (grey.astype(np.float32) / 255, None),
    }
    for name, (pixels, bits) in depths.items():
        seen = to_float(pixels, bits=bits)
        off = float(abs(seen - to_float(grey)).max())
        most = int(pixels.max()) if pixels.dtype.kind in "iub" else round(float(pixels.max()), 3)
        print(f"{name:14} largest value {most:>6}, a network sees up to {seen.max():.4f}", end="")
        print(f", at most {off:.5f} from the 8 bits")
    print("three equal channels for colour networks:", set_channels(grey, 3).shape)


if __name__ == "__main__":
    folder, *given = [Path(word) for word in sys.argv[1:]] or [Path()]
    main(folder, picture=given[0] if given else None)
