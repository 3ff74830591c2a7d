"""Convolution, pooling and the other layers: one function each for any number of space axes.

The names below are loaded when they are first used, from the files that bear them. Four files bear
the name of a function in them, and are what that name means here: `attention`, `best_match`, `conv`
and `conv_transpose`. So it is ``from seqcnn.nn.conv import conv``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["attention", "best_match", "conv", "conv_transpose"],
    submod_attrs={
        "attention": ["MultiHeadAttention", "sinusoidal_positions"],
        "best_match": ["BestMatch", "find_best_match"],
        "blocks": [
            "ConvNormActivation",
            "Residual",
            "SeparableConv",
            "Sequential",
            "SqueezeExcite",
            "half_padding",
        ],
        "conv": ["Conv", "add_bias"],
        "conv_transpose": ["ConvTranspose"],
        "geometry": ["conv_output_size", "conv_transpose_output_size"],
        "init": ["from_matrices"],
        "layers": [
            "Dense",
            "Dropout",
            "ShareTable",
            "channel_dropout",
            "dropout",
            "one_hot",
            "stochastic_depth",
            "valid_windows",
        ],
        "local_response": ["local_response_norm"],
        "masks": ["hide"],
        "moments": ["Moments"],
        "norm": ["BatchNorm", "GroupNorm", "batch_norm", "group_norm"],
        "norm_layer": ["LayerNorm", "layer_norm"],
        "pool": ["adaptive_mean_pool", "global_pool", "max_pool", "mean_pool", "min_pool"],
        "pool_windows": ["pool_mask"],
        "recurrent": ["LSTM"],
        "resample": ["centre_crop", "crop", "pad_to_multiple", "resize", "upsample"],
        "unpool": ["max_pool_with_indices", "max_unpool"],
    },
)
