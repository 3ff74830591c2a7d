"""What normalisations share, tested through them."""

from seqcnn.nn import norm_weights

ROWS = []
NOT_LAYERS = {
    norm_weights.at_least,
    norm_weights.check_eps,
    norm_weights.check_weights,
    norm_weights.flattened,
    norm_weights.new_weights,
    norm_weights.ones_and_zeros,
    norm_weights.spread_out,
    norm_weights.value_of,
}
