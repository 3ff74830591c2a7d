"""Explain networks that read pictures: which pixels decide, and where the network looks.

Saliency (Simonyan et al. 2013, arXiv:1312.6034), input x gradient (Shrikumar et al. 2016,
arXiv:1605.01713) and integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365) are on the
scale of pixels from 0 to 1. Class-activation maps are those of Zhou et al. 2016
(doi:10.1109/CVPR.2016.319) in the form of Selvaraju et al. 2017 (Grad-CAM,
doi:10.1109/ICCV.2017.74), which needs no particular last layer.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.explain.rows import in_blocks
from seqcnn.image.unit import to_unit
from seqcnn.networks.doors import Pixels
from seqcnn.nn.resample import resize

Method = Literal["saliency", "input_x_gradient", "integrated_gradients"]

PIXELS = 1 << 18
"""Numbers of the pictures that are worked on together."""


def attribute_pictures(
    network: Pixels,
    x: np.ndarray,
    classes: int | np.ndarray | None = None,
    *,
    method: Method = "saliency",
    steps: int = 32,
    reference: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Tell what each pixel contributes to a score.

    Parameters
    ----------
    network
        Reads pixels as they are stored.
    x
        (n, *space, channels): bool, uint8, uint16 or float.
    classes
        Whose score is explained: one for all, int (n,), or None for the best one of each picture.
    method
        ``"saliency"``, the gradient of the score; ``"input_x_gradient"``, times the pixel's value
        above `reference`; ``"integrated_gradients"``, the same with the mean of the gradients on
        the way from `reference`, which adds up to the difference of the scores.
    steps
        Points of that way (the middles of equal parts).
    reference
        Value of an empty picture, from 0 for black to 1 for white.

    Returns
    -------
    attributions : numpy.ndarray
        float32 (n, *space, channels).
    scores : numpy.ndarray
        float32 (n,): of `classes`, before any softmax.

    Raises
    ------
    SeqcnnError
        The method is unknown, a class is not there, or the network does not read pixels.
    """
    if method not in get_args(Method):
        raise SeqcnnError(
            f"`method` is {method!r}, it must be one of {', '.join(get_args(Method))}"
        )
    points = steps if method == "integrated_gradients" else 1
    options = {"method": method, "steps": points, "reference": reference}
    return _in_blocks(network, x, classes, _attributed, options, points=points)


def class_activation_maps(
    network: Pixels,
    x: np.ndarray,
    classes: int | np.ndarray | None = None,
    *,
    layer: str | None = None,
    level: int = -1,
    signed: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Show where a network sees a class (Grad-CAM).

    Each channel of a map of features is weighed by the mean over space of the score's gradient.
    Where a mean over space and a dense layer follow the map, as in residual networks, this is the
    class-activation map of Zhou et al., but for a constant factor.

    Parameters
    ----------
    network
        Reads pixels as they are stored.
    x, classes
        As for `attribute_pictures`.
    layer
        Name of the attribute of the network that gives the map; by default ``features``, which all
        backbones have, or else ``stages``.
    level
        Which map, if it gives several: -1 is the last and coarsest.
    signed
        Whether to keep what speaks against the class, below 0.

    Returns
    -------
    maps : numpy.ndarray
        float32 (n, *space), enlarged to the size of the pictures by linear interpolation.
    scores : numpy.ndarray
        As of `attribute_pictures`.

    Raises
    ------
    SeqcnnError
        The network has no such map, or a class is not there.
    """
    options = {"layer": layer, "level": level, "signed": signed}
    return _in_blocks(network, x, classes, _activations, options)


def heat_map(maps: np.ndarray, x: np.ndarray, *, share: float = 0.5) -> np.ndarray:
    """Lay maps over pictures, from blue for little to red for much.

    Parameters
    ----------
    maps
        float (n, height, width): what is below 0 counts as 0; the largest value of each map is red.
    x
        (n, height, width, channels), 1 or 3 of them: bool, uint8, uint16 or float.
    share
        Of the colours, where a map has its largest value; elsewhere it is less.

    Returns
    -------
    numpy.ndarray
        uint8 (n, height, width, 3).

    Raises
    ------
    SeqcnnError
        Maps and pictures have not the same extents.
    """
    if maps.shape != x.shape[:-1] or maps.ndim != 3 or x.shape[-1] not in (1, 3):
        raise SeqcnnError(
            f"maps {maps.shape} cannot be laid over pictures {x.shape}: these must be (n, height, "
            f"width, 1 or 3), maps (n, height, width)"
        )
    heat = np.maximum(np.asarray(maps, float), 0)
    heat /= np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)
    under = np.broadcast_to(np.asarray(to_unit(jnp.asarray(x))), (*maps.shape, 3))
    over = share * np.sqrt(heat)[..., None]
    mixed = (1 - over) * under + over * _colours(heat)
    return np.round(np.clip(mixed, 0, 1) * 255).astype(np.uint8)


def _colours(heat: np.ndarray) -> np.ndarray:
    """Colour numbers from 0 to 1: blue, cyan, yellow, red; float (..., 3)."""
    stops = np.array([[0, 0, 0.6], [0, 0.8, 1], [1, 0.9, 0], [0.9, 0, 0]])
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(heat, at, stop) for stop in stops.T], axis=-1)


def _in_blocks(
    network: Pixels,
    x: np.ndarray,
    classes: int | np.ndarray | None,
    explain: Callable[..., tuple[jax.Array, jax.Array]],
    options: Mapping[str, Any],
    *,
    points: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Explain some pictures at a time."""
    if not isinstance(network, Pixels):
        raise SeqcnnError(
            f"{type(network).__name__} does not read pixels: make the network with "
            f"create(..., pixels={{}})"
        )
    graph, state = nnx.split(network)
    x, most = np.asarray(x), network.network.classes
    # -1 is the best class of a picture
    wanted = np.broadcast_to(np.asarray(-1 if classes is None else classes), len(x))
    if classes is not None and not ((wanted >= 0) & (wanted < most)).all():
        raise SeqcnnError(f"classes must lie between 0 and {most - 1}, as the network has {most}")
    given = tuple(sorted(options.items()))
    function = partial(_explained, state, graph=graph, explain=explain, options=given)
    size = max(1, PIXELS // max(1, x[:1].size * points))
    found, scores = in_blocks(function, size, x, wanted.astype(np.int32))
    return found, scores


@partial(jax.jit, static_argnames=("graph", "explain", "options"))
def _explained(
    state: nnx.State,
    x: jax.Array,
    wanted: jax.Array,
    *,
    graph: nnx.GraphDef,
    explain: Callable[..., tuple[jax.Array, jax.Array]],
    options: tuple[tuple[str, Any], ...],
) -> tuple[jax.Array, jax.Array]:
    best = nnx.merge(graph, state)(x).argmax(axis=1)
    classes = jnp.where(wanted < 0, best, wanted)
    return explain(nnx.merge(graph, state), x, classes, **dict(options))


def _score(outputs: jax.Array, classes: jax.Array) -> jax.Array:
    return jnp.take_along_axis(outputs, classes[:, None], axis=1)[:, 0]


def _attributed(
    door: Pixels, x: jax.Array, classes: jax.Array, *, method: str, steps: int, reference: float
) -> tuple[jax.Array, jax.Array]:
    values = to_unit(x)
    way = values - reference
    shares = (jnp.arange(steps) + 0.5) / steps if method == "integrated_gradients" else jnp.ones(1)
    shares = shares.reshape(-1, *(1,) * x.ndim)
    points = (reference + shares * way[None]).reshape(-1, *x.shape[1:])
    many = jnp.tile(classes, len(shares))
    gradient = jax.grad(lambda points: _score(door(points), many).sum())(points)
    mean = gradient.reshape(len(shares), *x.shape).mean(axis=0)
    return mean if method == "saliency" else mean * way, _score(door(values), classes)


def _activations(
    door: Pixels,
    x: jax.Array,
    classes: jax.Array,
    *,
    layer: str | None,
    level: int,
    signed: bool,
) -> tuple[jax.Array, jax.Array]:
    name = layer or ("features" if hasattr(door.network, "features") else "stages")
    if not hasattr(door.network, name):
        raise SeqcnnError(
            f"{type(door.network).__name__} has no {name!r} that gives a map: name one in `layer`"
        )
    inner = getattr(door.network, name)

    def score(added: jax.Array | float) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        """Score pictures with something added to the map, whose gradient is that of the map."""
        seen: list[jax.Array] = []

        def outer(*arguments: Any, **options: Any) -> Any:
            maps = inner(*arguments, **options)
            several = list(maps) if isinstance(maps, list | tuple) else [maps]
            if not -len(several) <= level < len(several):
                raise SeqcnnError(f"`level` is {level}, the network gives {len(several)} maps")
            seen.append(several[level])
            several[level] = several[level] + added
            return several if isinstance(maps, list | tuple) else several[0]

        object.__setattr__(door.network, name, outer)
        scores = _score(door(x), classes)
        return scores.sum(), (seen[0], scores)

    blank = jax.eval_shape(lambda: score(0.0)[1][0])
    gradient, (maps, scores) = jax.grad(score, has_aux=True)(jnp.zeros(blank.shape, blank.dtype))
    space = tuple(range(1, maps.ndim - 1))
    weights = gradient.mean(axis=space, keepdims=True)
    seen = (weights * maps).sum(axis=-1, keepdims=True)
    seen = seen if signed else jnp.maximum(seen, 0)
    return resize(seen, x.shape[1:-1])[..., 0], scores
