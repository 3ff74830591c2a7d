"""Every module of `seqcnn.nn` and the functions that it is made of, no option at its default."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.nn import (
    attention,
    blocks,
    conv,
    conv_transpose,
    layers,
    norm,
    norm_layer,
    pool,
    recurrent,
)
from seqcnn.nn.moments import Moments

from .rows import Composed


def start(key: jax.Array, shape: Any, dtype: Any) -> jax.Array:
    return jnp.full(shape, 0.25, dtype)


MADE = {"precision": "high", "kernel_init": start, "dtype": jnp.float64}
"""Options of how a layer is made, that almost all have; the table looks after them."""

MOMENTS = {"eps": 0.2, "momentum": 0.3, "unbiased": False}


def wide(*weights: Any) -> Any:
    arrays = [w[...].astype(jnp.float64) for w in weights]
    return arrays[0] if len(arrays) == 1 else arrays


def without(options: dict[str, Any], *names: str) -> dict[str, Any]:
    made = (*MADE, *names)
    return {name: value for name, value in options.items() if name not in made}


def trained(layer: Any, x: jax.Array) -> Any:
    return layer(x, rngs=nnx.Rngs(dropout=0))


def _conv(layer: Any, x: jax.Array, **options: Any) -> jax.Array:
    return conv.conv(x, wide(layer.kernel), **without(options, "bias"))


def _conv_transpose(layer: Any, x: jax.Array, **options: Any) -> jax.Array:
    return conv_transpose.conv_transpose(x, wide(layer.kernel), **without(options, "bias"))


def _dense(layer: Any, x: jax.Array, **options: Any) -> jax.Array:
    return x @ wide(layer.kernel)


def _dropout(layer: Any, x: jax.Array, *, rate: float) -> jax.Array:
    return layers.dropout(x, rate, nnx.Rngs(dropout=0))


def _batch_norm(layer: Any, x: jax.Array, **options: Any) -> Any:
    running = Moments(*wide(layer.mean, layer.variance))
    rest = without(options, "scale", "bias")
    return norm.batch_norm(x, running, training=True, **rest)


def _layer_norm(layer: Any, x: jax.Array, *, axes: Any, eps: float, **_: Any) -> jax.Array:
    return norm_layer.layer_norm(x, axes=axes, eps=eps)


def _group_norm(layer: Any, x: jax.Array, *, eps: float, **_: Any) -> jax.Array:
    return norm.group_norm(x, 2, eps=eps)


def _heads(layer: Any, x: jax.Array, *, drop: float, **_: Any) -> jax.Array:
    def split(a: jax.Array) -> jax.Array:
        return jnp.swapaxes(a.reshape(2, -1, 3, 2), 1, 2)

    q, k, v, out = wide(layer.query.kernel, layer.key.kernel, layer.value.kernel, layer.out.kernel)
    memory = x[..., :2]
    seen = attention.attention(
        split(x @ q), split(memory @ k), split(memory @ v), drop=drop, rngs=nnx.Rngs(dropout=0)
    )
    return jnp.swapaxes(seen, 1, 2).reshape(x.shape) @ out


def _lstm(layer: Any, x: jax.Array, **options: Any) -> jax.Array:
    kernel, recurrent, bias = wide(layer.kernel, layer.recurrent, layer.bias)
    cell, output, outputs = jnp.zeros((2, 3)), jnp.zeros((2, 3)), []
    for position in reversed(range(x.shape[1])):
        total = x[:, position] @ kernel + output @ recurrent + bias[None]
        enter, forget, candidate, leave = jnp.split(total, 4, axis=1)
        cell = nnx.sigmoid(forget) * cell + nnx.sigmoid(enter) * jnp.tanh(candidate)
        output = nnx.sigmoid(leave) * jnp.tanh(cell)
        outputs.insert(0, output)
    return jnp.stack(outputs, axis=1)


def _conv_norm_activation(layer: Any, x: jax.Array, **options: Any) -> Any:
    rest = without(options, "activation", "bias", "scale", *MOMENTS)
    moments = {name: options[name] for name in MOMENTS}
    y = conv.conv(x, wide(layer.conv.kernel), **rest)
    if options.get("bias"):
        y = conv.add_bias(y, wide(layer.conv.bias))
    running = Moments(*wide(layer.norm.mean, layer.norm.variance))
    scale = wide(layer.norm.scale) if options.get("scale", True) else None
    bias = wide(layer.norm.bias)
    y, after = norm.batch_norm(y, running, scale, bias, training=True, **moments)
    return options["activation"](y), after


def _and_moments(layer: Any, x: jax.Array) -> Any:
    result = trained(layer, x)
    return result, Moments(layer.norm.mean[...], layer.norm.variance[...])


def _separable(layer: Any, x: jax.Array, *, between: bool = True, **options: Any) -> Any:
    rest = without(options, "activation", "norm")
    place = {**rest, "groups": 4}
    more = {"activation": options["activation"], **options["norm"]}
    if between:
        y, _ = _conv_norm_activation(layer.depthwise, x, **place, **more)
    else:
        y = conv.conv(x, wide(layer.depthwise.kernel), **place)
    return _conv_norm_activation(layer.pointwise, y, **more)[0]


def _squeeze_excite(layer: Any, x: jax.Array, *, activation: Any, gate: Any, **_: Any) -> Any:
    first, second = wide(layer.squeeze.kernel, layer.excite.kernel)
    means = pool.global_pool(x, "mean")
    b, c = wide(layer.squeeze.bias, layer.excite.bias)
    return x * gate(activation(means @ first + b[None]) @ second + c[None])[:, None]


def _residual(layer: Any, x: jax.Array, *, drop: float, activation: Any, **_: Any) -> Any:
    rngs = nnx.Rngs(dropout=0)
    start_of = [Moments(*wide(part.mean, part.variance)) for part in (layer.branch, layer.shortcut)]
    weights = [wide(part.scale, part.bias) for part in (layer.branch, layer.shortcut)]
    added, kept = (
        norm.batch_norm(x, running, *own, training=True)[0]
        for running, own in zip(start_of, weights, strict=True)
    )
    return activation(layers.stochastic_depth(added, drop, rngs) + kept)


def _of_residual(layer: Any, x: jax.Array) -> jax.Array:
    return trained(layer, x.astype(jnp.float64))


def _sequential(layer: Any, x: jax.Array) -> jax.Array:
    y = _conv_norm_activation(
        layer.layers[0], x, stride=1, padding=1, activation=nnx.relu, **{**MOMENTS, "eps": 1e-5}
    )[0]
    return pool.global_pool(layers.dropout(y, 0.5, nnx.Rngs(dropout=0)))


CASES = [
    Composed(
        conv.Conv,
        (4, 6, (3, 2)),
        {
            "stride": (2, 1),
            "padding": [(1, 0), (0, 2)],
            "dilation": (1, 2),
            "groups": 2,
            "mode": "convolve",
            "bias": False,
            **MADE,
        },
        (2, 8, 7, 4),
        _conv,
    ),
    Composed(
        conv_transpose.ConvTranspose,
        (4, 6, (3, 2)),
        {
            "stride": (2, 3),
            "padding": [(1, 0), (0, 2)],
            "output_padding": (1, 2),
            "dilation": (2, 3),
            "groups": 2,
            "bias": False,
            **MADE,
        },
        (2, 5, 4, 4),
        _conv_transpose,
    ),
    Composed(layers.Dense, (5, 3), {"bias": False, **MADE}, (2, 4, 5), _dense),
    Composed(layers.Dropout, (), {"rate": 0.25}, (4, 5), _dropout, trained),
    Composed(
        norm.BatchNorm,
        (3,),
        {**MOMENTS, "scale": False, "bias": False, "dtype": jnp.float64},
        (3, 5, 3),
        _batch_norm,
        lambda layer, x: (
            layer(x, training=True),
            Moments(layer.mean[...], layer.variance[...]),
        ),
    ),
    Composed(
        norm_layer.LayerNorm,
        ((5, 3),),
        {"axes": (1, 2), "eps": 0.2, "scale": False, "bias": False, "dtype": jnp.float64},
        (2, 5, 3),
        _layer_norm,
    ),
    Composed(
        norm.GroupNorm,
        (4, 2),
        {"eps": 0.2, "scale": False, "bias": False, "dtype": jnp.float64},
        (2, 5, 4),
        _group_norm,
    ),
    Composed(
        attention.MultiHeadAttention,
        (6, 3),
        {"memory_channels": 2, "bias": False, "drop": 0.3, **MADE},
        (2, 5, 6),
        _heads,
        lambda layer, x: layer(x, x[..., :2], rngs=nnx.Rngs(dropout=0)),
    ),
    Composed(recurrent.LSTM, (4, 3), {"reverse": True, **MADE}, (2, 5, 4), _lstm),
    Composed(
        blocks.ConvNormActivation,
        (4, 6, (3, 2)),
        {
            "stride": (2, 1),
            "padding": [(1, 0), (0, 2)],
            "dilation": (1, 2),
            "groups": 2,
            "bias": True,
            "scale": False,
            "activation": nnx.softplus,
            **MOMENTS,
            **MADE,
        },
        (2, 8, 7, 4),
        _conv_norm_activation,
        _and_moments,
    ),
    *(
        Composed(
            blocks.SeparableConv,
            (4, 6, 3),
            {
                "stride": 2,
                "padding": [(2, 1)],
                "dilation": 2,
                "activation": nnx.softplus,
                "norm": MOMENTS,
                **MADE,
                **between,
            },
            (2, 9, 4),
            _separable,
            trained,
        )
        for between in ({}, {"between": False})
    ),
    Composed(
        blocks.SqueezeExcite,
        (6, 2),
        {"activation": nnx.softplus, "gate": nnx.tanh, **MADE},
        (2, 5, 6),
        _squeeze_excite,
    ),
    Composed(
        blocks.Residual,
        (norm.BatchNorm(3),),
        {"shortcut": norm.BatchNorm(3), "activation": nnx.softplus, "drop": 0.5},
        (8, 5, 3),
        _residual,
        _of_residual,
    ),
    Composed(
        blocks.Sequential,
        (
            blocks.ConvNormActivation(4, 6, 3, rngs=nnx.Rngs(0), dtype=jnp.float64),
            layers.Dropout(0.5),
            pool.global_pool,
        ),
        {},
        (2, 8, 4),
        _sequential,
        trained,
    ),
]
