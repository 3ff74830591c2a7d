"""The blocks."""

from flax import nnx

from seqcnn.nn import blocks, conv, pool

from ..rows import Row

ROWS = [
    Row(
        "conv-norm-activation",
        lambda rngs: blocks.ConvNormActivation(3, 5, 3, stride=2, rngs=rngs),
        (2, 9, 3),
        (2, 5, 5),
        blocks.ConvNormActivation,
    ),
    Row(
        "separable",
        # smooth, for where all channels are cut to 0 the next activation would stand on its kink
        lambda rngs: blocks.SeparableConv(4, 6, (3, 3), activation=nnx.softplus, rngs=rngs),
        (2, 6, 5, 4),
        (2, 6, 5, 6),
        blocks.SeparableConv,
    ),
    Row(
        "separable without norm between",
        lambda rngs: blocks.SeparableConv(4, 6, 3, stride=2, between=False, rngs=rngs),
        (2, 8, 4),
        (2, 4, 6),
        blocks.SeparableConv,
    ),
    Row(
        "squeeze-excite",
        lambda rngs: blocks.SqueezeExcite(8, 2, rngs=rngs),
        (2, 4, 3, 8),
        (2, 4, 3, 8),
        blocks.SqueezeExcite,
    ),
    Row(
        "residual",
        lambda rngs: blocks.Residual(blocks.ConvNormActivation(4, 4, 3, rngs=rngs), drop=0.5),
        (2, 6, 4),
        (2, 6, 4),
        blocks.Residual,
    ),
    Row(
        "residual with a shortcut",
        lambda rngs: blocks.Residual(
            blocks.ConvNormActivation(4, 6, 3, stride=2, activation=None, rngs=rngs),
            conv.Conv(4, 6, 1, stride=2, rngs=rngs),
        ),
        (2, 6, 4),
        (2, 3, 6),
        blocks.Residual,
    ),
    Row(
        "sequential",
        lambda rngs: blocks.Sequential(
            blocks.ConvNormActivation(4, 6, 3, rngs=rngs), pool.global_pool
        ),
        (2, 6, 4),
        (2, 6),
        blocks.Sequential,
    ),
]

NOT_LAYERS = {blocks.half_padding}
