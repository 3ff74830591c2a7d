"""Checks and choices of dtypes, with tests of their own."""

from seqcnn.nn import dtypes

ROWS = []
NOT_LAYERS = {
    dtypes.accumulation_dtype,
    dtypes.check_float,
    dtypes.check_same_dtype,
    dtypes.computed_in,
    dtypes.float_array,
    dtypes.float_dtype,
    dtypes.wider_dtype,
}
