"""Where windows lie: numbers and masks, no layers."""

from seqcnn.nn import pool_windows as windows

ROWS = []

NOT_LAYERS = {
    windows.PoolAxis,
    windows.check_maskable,
    windows.pool_axes,
    windows.pool_mask,
    windows.windows_inside,
    windows.view_axis,
    windows.pooled_view,
    windows.into_blocks,
    windows.pad_axis,
}
"""They are tested with the pools."""
