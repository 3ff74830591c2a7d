"""Where the windows of a convolution lie: padding, and how many positions come out.

All of it is plain numbers, worked out once when a program is traced. `seqcnn.nn.conv` says what the
arguments mean.
"""

import operator
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from seqcnn.errors import SeqcnnError

Padding = int | Sequence[int | tuple[int, int]] | Literal["same", "valid"]
"""Zeros before and after each space axis: one number, one number or pair an axis, or a rule."""

Pairs = tuple[tuple[int, int], ...]
"""``(before, after)`` for each axis."""


class Geometry(NamedTuple):
    """How a window slides over an array, in numbers for each space axis.

    Parameters
    ----------
    space, window
        Extents of the array and of the window.
    stride, dilation
        Steps between windows and between the places of a window.
    pads
        Zeros before and after.
    positions
        How often the window stands.
    """

    space: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: Pairs
    positions: tuple[int, ...]

    @classmethod
    def of(
        cls,
        space: Sequence[int],
        window: Sequence[int],
        *,
        stride: int | Sequence[int] = 1,
        padding: Padding = 0,
        dilation: int | Sequence[int] = 1,
    ) -> "Geometry":
        """Bring the arguments of a convolution to one form, and check that a window fits.

        Raises
        ------
        SeqcnnError
            An argument is out of range, or not even one window fits.
        """
        rank = len(space)
        steps, gaps = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
        pads = pad_pairs(padding, space, window, stride=steps, dilation=gaps)
        positions = tuple(
            conv_output_size(length, extent, stride=s, padding=[pair], dilation=d)
            for length, extent, s, pair, d in zip(space, window, steps, pads, gaps, strict=True)
        )
        return cls(tuple(space), tuple(window), steps, gaps, pads, positions)

    @property
    def rank(self) -> int:
        """Number of space axes."""
        return len(self.space)

    @property
    def last_axis_spanned(self) -> bool:
        """Whether one window covers the last axis from end to end, without padding or gaps."""
        return (
            self.window[-1] == self.space[-1]
            and self.pads[-1] == (0, 0)
            and (self.dilation[-1] == 1 or self.window[-1] == 1)
        )

    def without_last_axis(self) -> "Geometry":
        """Leave the last space axis away."""
        return self._of_axes(slice(None, -1))

    def split_first_axis(self) -> tuple["Geometry", "Geometry"]:
        """Take the first space axis and the others apart."""
        return self._of_axes(slice(1)), self._of_axes(slice(1, None))

    def _of_axes(self, axes: slice) -> "Geometry":
        return Geometry(
            self.space[axes],
            self.window[axes],
            self.stride[axes],
            self.dilation[axes],
            self.pads[axes],
            self.positions[axes],
        )


def conv_output_size(
    length: int,
    window: int,
    *,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Count the positions of a window along one axis.

    Parameters
    ----------
    length, window
        Extent of the axis and of the window, in positions.
    stride, padding, dilation
        As in `seqcnn.nn.conv.conv`; `padding` may be a number, ``[(before, after)]``, ``"same"`` or
        ``"valid"``.
    ceil_mode
        Whether a last window counts that reaches beyond the padded axis, as some pools have it. It
        must begin on the axis or in the padding before it.

    Returns
    -------
    int
        ``floor((length - ((window - 1) * dilation + 1) + before + after) / stride) + 1``; ``ceil``
        in place of ``floor`` with `ceil_mode`.

    Raises
    ------
    SeqcnnError
        Not even one window fits.

    Examples
    --------
    >>> conv_output_size(32, 5, padding=2), conv_output_size(7, 3, stride=3)
    (32, 2)
    >>> conv_output_size(112, 3, stride=2), conv_output_size(112, 3, stride=2, ceil_mode=True)
    (55, 56)
    """
    steps, gaps = per_axis(stride, 1, "stride"), per_axis(dilation, 1, "dilation")
    before, after = pad_pairs(padding, (length,), (window,), stride=steps, dilation=gaps)[0]
    extent, padded = (window - 1) * gaps[0] + 1, length + before + after
    if window < 1 or padded < extent:
        raise SeqcnnError(
            f"a window over {extent} positions does not fit an axis of {padded} "
            f"(padding included): pad the array or take a window of 1 to {padded} positions"
        )
    whole = (padded - extent) // steps[0] + 1
    started = -(-(padded - extent) // steps[0]) + 1
    # a window that begins behind the axis would lie in the padding alone
    begins_inside = (started - 1) * steps[0] < length + before
    return started if ceil_mode and begins_inside else whole


def conv_transpose_output_size(
    length: int,
    window: int,
    *,
    stride: int = 1,
    padding: int | Sequence[int | tuple[int, int]] | Literal["same"] = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Count the positions that a transposed convolution makes of one axis.

    It is the length of an axis on which the window of the convolution stands `length` times. Up to
    `stride` lengths have this property: `output_padding` chooses among them.

    Parameters
    ----------
    length, window
        Extent of the axis and of the kernel, in positions.
    stride, padding, output_padding, dilation
        As in `seqcnn.nn.conv_transpose.conv_transpose`.

    Returns
    -------
    int
        ``(length - 1) * stride + (window - 1) * dilation + 1 - before - after + output_padding``;
        ``length * stride`` if `padding` is ``"same"``.

    Raises
    ------
    SeqcnnError
        Nothing would be left, or an argument is out of range.

    Examples
    --------
    >>> conv_transpose_output_size(7, 3, stride=2, padding=1, output_padding=1)
    14
    """
    steps, gaps = per_axis(stride, 1, "stride"), per_axis(dilation, 1, "dilation")
    if isinstance(padding, str) and padding == "same":
        if output_padding != 0:
            raise SeqcnnError(f"`output_padding` must be 0 with 'same', not {output_padding}")
        return length * steps[0]
    before, after = explicit_pads(padding, 1)[0]
    if not 0 <= output_padding < max(steps[0], gaps[0]):
        raise SeqcnnError(
            f"`output_padding` must be from 0 to below the stride ({steps[0]}) or the dilation "
            f"({gaps[0]}), whichever is larger, not {output_padding}"
        )
    extent = (window - 1) * gaps[0] + 1
    size = (length - 1) * steps[0] + extent - before - after + output_padding
    if size < 1:
        raise SeqcnnError(
            f"a transposed convolution over {length} positions would leave {size}: "
            f"take less `padding` than {(before, after)}"
        )
    return size


def whole_number(value: object) -> int | None:
    """Give a whole number of any kind, NumPy's too, as an `int`; None for anything else.

    Examples
    --------
    >>> import numpy as np
    >>> whole_number(np.int64(2)), whole_number(2.0), whole_number(True)
    (2, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType]
    except TypeError:
        return None


def per_axis(
    value: int | Sequence[int], rank: int, name: str, *, least: int = 1
) -> tuple[int, ...]:
    """Turn "one number, or one an axis" into one number an axis, none of them below `least`."""
    one = whole_number(value)
    numbers = _whole_numbers(value) if one is None else (one,) * rank
    if numbers is None or len(numbers) != rank or any(n < least for n in numbers):
        raise SeqcnnError(f"`{name}` must be a number >= {least} or {rank} of them, not {value!r}")
    return numbers


def extents_of(value: int | Sequence[int], name: str) -> tuple[int, ...]:
    """Turn extents, one number for one axis or one number an axis, into numbers >= 1."""
    one = whole_number(value)
    numbers = _whole_numbers(value) if one is None else (one,)
    if not numbers or any(n < 1 for n in numbers):
        raise SeqcnnError(f"`{name}` must be a number >= 1, or one an axis, not {value!r}")
    return numbers


def check_sizes(**sizes: int) -> None:
    """Raise unless all of the named arguments are whole numbers >= 1."""
    for name, size in sizes.items():
        number = whole_number(size)
        if number is None or number < 1:
            raise SeqcnnError(f"`{name}` must be a whole number >= 1, not {size!r}")


def _whole_numbers(values: object) -> tuple[int, ...] | None:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return None
    numbers = [whole_number(value) for value in values]
    return None if None in numbers else tuple(n for n in numbers if n is not None)


def pad_pairs(
    padding: Padding,
    space: Sequence[int],
    window: Sequence[int],
    *,
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Pairs:
    """Turn every way to ask for padding into ``(before, after)`` for each axis."""
    checked = check_padding(padding, len(space))
    if checked == "same":
        return tuple(map(_same_pads, space, window, stride, dilation))
    return ((0, 0),) * len(space) if isinstance(checked, str) else checked


def check_padding(padding: Padding, rank: int) -> Pairs | Literal["same", "valid"]:
    """Bring padding to one form as far as that is possible without an array.

    Raises
    ------
    SeqcnnError
        It is none of the forms that `seqcnn.nn.conv.conv` takes.
    """
    if isinstance(padding, str):
        if padding in ("same", "valid"):
            return padding
        raise SeqcnnError(
            f"`padding` must be 'same', 'valid', a number, or a number or pair an axis, "
            f"not {padding!r}"
        )
    return explicit_pads(padding, rank)


def explicit_pads(padding: int | Sequence[int | tuple[int, int]], rank: int) -> Pairs:
    """Turn numbers or pairs into ``(before, after)`` for each axis."""
    one = whole_number(padding)
    if one is not None:
        axes: list[object] = [one] * rank
    else:
        axes = list(padding) if isinstance(padding, Iterable) else []
    pairs = [_pair(axis) for axis in axes]
    checked = tuple(pair for pair in pairs if pair is not None)
    if len(checked) != rank or len(pairs) != rank or any(p < 0 for pair in checked for p in pair):
        raise SeqcnnError(
            f"`padding` must be a number >= 0, or a number or pair for each of {rank} axes, "
            f"not {padding!r}"
        )
    return checked


def _pair(value: object) -> tuple[int, int] | None:
    one = whole_number(value)
    if one is not None:
        return one, one
    numbers = _whole_numbers(value)
    return (numbers[0], numbers[1]) if numbers is not None and len(numbers) == 2 else None


def _same_pads(length: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    positions = -(-length // stride)
    total = max(0, (positions - 1) * stride + (window - 1) * dilation + 1 - length)
    return total // 2, total - total // 2
