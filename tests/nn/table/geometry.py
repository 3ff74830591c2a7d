"""Plain numbers about windows, with tests of their own."""

from seqcnn.nn import geometry

ROWS = []
NOT_LAYERS = {
    geometry.Geometry,
    geometry.conv_output_size,
    geometry.conv_transpose_output_size,
    geometry.explicit_pads,
    geometry.pad_pairs,
    geometry.per_axis,
}
