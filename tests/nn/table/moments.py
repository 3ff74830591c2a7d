"""What the normalisations share: parts of a layer, tested by themselves."""

from seqcnn.nn import moments

ROWS = []

NOT_LAYERS = {
    moments.Moments,
    moments.Reduction,
    moments.normalise,
    moments.standardise,
    moments.counts_of,
}
