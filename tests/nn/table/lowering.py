"""The programs of a convolution."""

import jax.numpy as jnp

from seqcnn.nn import depthwise, lowering, matrix_products, memory
from seqcnn.nn.geometry import Geometry

from ..rows import Row, WithWeight

GEOMETRY = Geometry.of((7, 4), (3, 2), stride=(2, 1), padding=1, dilation=(1, 2))

NARROW = Geometry.of((3,), (5,), padding=2)


def _program(compute: lowering.Lowering, groups: int):
    return lambda x, kernel: compute(x, kernel, GEOMETRY, groups=groups, precision="highest")


ROWS = [
    *(
        Row(
            f"{compute.__name__}, {groups} groups",
            lambda rngs, compute=compute, groups=groups: WithWeight(
                _program(compute, groups), (3, 2, 4 // groups, 8)
            ),
            (2, 7, 4, 4),
            (2, 4, 4, 8),
            compute,
        )
        for compute, groups in [
            (lowering.by_lax, 1),
            (lowering.image_by_image, 1),
            (lowering.columns_behind, 1),
            (lowering.banded, 1),
            (lowering.columns, 1),
            (lowering.planes, 1),
            (lowering.planes_added, 1),
            (lowering.columns, 2),
            (lowering.blocks, 2),
            (depthwise.shift_and_add, 4),
        ]
    ),
    Row(
        "convolve_transposed",
        lambda rngs: WithWeight(_program(lowering.convolve_transposed, 1), (3, 2, 4, 8)),
        (2, 4, 4, 8),
        (2, 7, 4, 4),
        lowering.convolve_transposed,
    ),
    Row(
        "convolve_transposed, each channel",
        lambda rngs: WithWeight(
            lambda x, k: depthwise.transposed(x, k, GEOMETRY, groups=4), (3, 2, 1, 8)
        ),
        (2, 4, 4, 8),
        (2, 7, 4, 4),
        depthwise.transposed,
    ),
    Row(
        "position_by_position",
        lambda rngs: WithWeight(
            lambda x, k: lowering.position_by_position(x, k, NARROW, groups=1, precision="highest"),
            (5, 2, 3),
        ),
        (2, 3, 2),
        (2, 3, 3),
        lowering.position_by_position,
    ),
    Row(
        "flip",
        lambda rngs: WithWeight(lambda x, kernel: depthwise.flip(x * jnp.sum(kernel)), (2,)),
        (3, 2, 4),
        (3, 2, 4),
        depthwise.flip,
    ),
]

NOT_LAYERS = {
    matrix_products.stretch,
    lowering.Lowering,
    lowering.choose,
    lowering.convolve,
    lowering.runs_on_cpu,
    memory.keep_memory,
}
