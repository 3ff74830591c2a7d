"""Plain numbers about windows, with tests of their own."""

from seqcnn.nn import geometry

ROWS = []
NOT_LAYERS = {
    geometry.Geometry,
    geometry.check_padding,
    geometry.check_sizes,
    geometry.conv_output_size,
    geometry.conv_transpose_output_size,
    geometry.explicit_pads,
    geometry.extents_of,
    geometry.pad_pairs,
    geometry.per_axis,
    geometry.whole_number,
}
