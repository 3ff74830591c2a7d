"""Sums of shifted arrays."""

from seqcnn.nn import shifted
from seqcnn.nn.shifted import Axis, Run, Tap

from ..rows import Row, WithWeight

# positions 0 to 3 read from -1, 1 and 3 on, of which the first lies beside the array
AXES = [Axis(7, 4, 1, (Tap(0, -1), Tap(1, 1), Tap(2, 3)))]

ROWS = [
    Row(
        "weighted_sum",
        lambda rngs: WithWeight(lambda x, k: shifted.weighted_sum(x, k, [AXES]), (3, 1, 2)),
        (2, 7, 2),
        (2, 4, 2),
        shifted.weighted_sum,
    ),
    Row(
        "seen",
        lambda rngs: WithWeight(
            lambda x, k: shifted.seen(x * k[0], AXES, [Run(1, 3, ())], [Tap(1, 1)]), (1,)
        ),
        (2, 7, 2),
        (2, 2, 2),
        shifted.seen,
    ),
    Row(
        "moved",
        lambda rngs: WithWeight(lambda x, k: shifted.moved(x * k[0], AXES, [Tap(0, -1)]), (1,)),
        (2, 7, 2),
        (2, 4, 2),
        shifted.moved,
    ),
    Row(
        "laid_out",
        lambda rngs: WithWeight(lambda x, k: shifted.laid_out(x * k[0], AXES), (1,)),
        (2, 7, 2),
        (2, 4, 3, 2),
        shifted.laid_out,
    ),
]

NOT_LAYERS = {shifted.Axis, shifted.Run, shifted.Tap, shifted.axes_of}
