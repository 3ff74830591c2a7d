"""Draw where the windows of a convolution lie, and list where they start.

python examples/convolution_windows.py [FOLDER]
"""

import sys
from pathlib import Path

from seqcnn.image.figures import write_figure
from seqcnn.image.windows import stride_figure, window_figure, window_table
from seqcnn.nn.geometry import conv_output_size


def main(out: Path, toy: bool = False) -> None:
    """Write the two figures, and print tables of windows."""
    out.mkdir(parents=True, exist_ok=True)
    for stride in (1, 2, 3):
        starts = [window.start for window in window_table(9, 3, stride=stride)]
        print(f"9 pixels, window 3, stride {stride}: windows start at {starts}")
    for length, window, options in (
        (32, 5, {}),
        (32, 5, {"padding": 2}),
        (7, 3, {"stride": 3}),
        (112, 3, {"stride": 2}),
        (112, 3, {"stride": 2, "ceil_mode": True}),
        (32, 3, {"dilation": 4}),
        (33, 3, {"stride": 2, "padding": "same"}),
    ):
        said = ", ".join(f"{name} {value}" for name, value in options.items()) or "no padding"
        positions = conv_output_size(length, window, **options)
        print(f"{length} pixels, window {window}, {said}: {positions} positions")
    write_figure(out / "windows_strides.png", stride_figure())
    write_figure(out / "windows_padding.png", window_figure(4 if toy else 6))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
