"""Augmentation of pictures, and of their masks, angles and labels along with them, inside of jit.

A pipeline is a tuple of steps, done in their order, each to some of the pictures. Steps that move
pixels (`seqcnn.image.moves`) and stand side by side become one warp, which is faster and sharper
than one after the other; `seqcnn.image.pixel_steps` change values; `Mixup` mixes pictures with
others of the batch; and any function of a picture and a key is a step too. What happens to a
picture follows from the key and from its place in the batch alone (but for `Mixup`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.moves import (
    Crop,
    Elastic,
    Flip,
    Move,
    Shift,
    Skew,
    Stretch,
    Turn,
    Turn90,
    Turn180,
    Zoom,
    after,
    check_probability,
    turned_direction,
)
from seqcnn.image.pixel_steps import (
    Blur,
    Brightness,
    Contrast,
    CutOut,
    Fragment,
    Gamma,
    Noise,
    Step,
)
from seqcnn.image.unit import from_unit, to_unit
from seqcnn.image.warp import Edges, affine_places, check_edges, sample, through

Arrays = jax.Array | np.ndarray
Kind = Literal["labels", "shares", "mask", "sin_cos", "degrees"]


@dataclass(frozen=True)
class Mixup:
    """Mix each picture with another one, and their labels (Zhang et al. 2018, arXiv:1710.09412).

    Parameters
    ----------
    alpha
        Of the beta distribution that the share of the other picture is drawn from; the larger, the
        nearer to a half.
    probability
        Chance of a picture to be mixed.
    """

    alpha: float = 0.2
    probability: float = 1.0

    def __post_init__(self) -> None:
        check_probability(self.probability)
        if self.alpha < 0:
            raise SeqcnnError(f"`alpha` of mixup must not be below 0, it is {self.alpha}")


@dataclass(frozen=True)
class Augment:
    """Steps one after the other.

    Parameters
    ----------
    steps
        In this order: `Move`, functions of a picture and a key (`Step`), `Mixup`.
    target
        What targets are: ``"labels"`` stay as they are; ``"shares"`` (n, classes), or 0 and 1, are
        mixed by `Mixup`; a ``"mask"`` (n, *space) moves with its picture, each pixel as a whole;
        ``"sin_cos"`` (n, 2) and ``"degrees"`` (n, 1) say how far a picture is turned, anticlockwise
        as it is shown, and turn with it. Targets of two or more axes of space, as the pictures
        have, are masks even if this is ``"labels"``.
    classes
        With ``"shares"``: how many, if targets are numbers of classes (n, 1); 0 if they are shares.
    edges
        What moves in from outside: ``"zero"`` (in masks too), ``"reflect"`` or ``"edge"``, see
        `seqcnn.image.warp.sample`.

    Raises
    ------
    SeqcnnError
        There is no such target or edge.

    Examples
    --------
    >>> from seqcnn.image.moves import Turn180
    >>> half = Augment((Turn180(probability=1),))
    >>> half(jnp.array([[[[1], [2]], [[3], [4]]]], jnp.uint8), jax.random.key(0)).ravel().tolist()
    [4, 3, 2, 1]
    """

    steps: tuple[Move | Mixup | Step, ...]
    target: Kind = "labels"
    classes: int = 0
    edges: Edges = "zero"

    def __post_init__(self) -> None:
        check_edges(self.edges)
        if self.target not in get_args(Kind):
            raise SeqcnnError(
                f"`target` is {self.target!r}, it must be one of {', '.join(get_args(Kind))}"
            )

    def __call__(self, x: Arrays, key: jax.Array) -> jax.Array:
        """Change a batch.

        Parameters
        ----------
        x
            (n, *space, channels): bool, uint8, uint16, or float, which is taken to be on the scale
            from 0 to 1.
        key
            Of the batch.

        Returns
        -------
        jax.Array
            Of the same shape and dtype; values of whole numbers are clipped and rounded.
        """
        return _augmented(jnp.asarray(x), None, key, plan=self)[0]

    def with_targets(
        self, x: Arrays, targets: Arrays, key: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Change a batch with its targets, which keep their dtype; pictures as by a call.

        Raises
        ------
        SeqcnnError
            The targets have not the shape that `target` says, or labels would have to be mixed.
        """
        moved, changed = _augmented(jnp.asarray(x), jnp.asarray(targets), key, plan=self)
        assert changed is not None
        return moved, changed

    def kind_of(self, x: Arrays, targets: Arrays) -> Kind:
        """Tell what targets are, and check their shape; arguments as of `with_targets`."""
        space, shape = x.shape[:-1], targets.shape
        if self.target == "labels" and x.ndim > 3 and shape[: len(space)] == space:
            return "mask"
        wanted = {"mask": space[1:], "sin_cos": (2,), "degrees": (1,)}.get(self.target)
        if self.target == "shares" and self.classes:
            wanted = (1,)
        if shape[:1] != space[:1] or (wanted and shape[1 : 1 + len(wanted)] != wanted):
            raise SeqcnnError(
                f"targets {tuple(shape)} are no {self.target} of pictures {tuple(x.shape)}"
            )
        return self.target


class _Batch(NamedTuple):
    """Pictures on the scale from 0 to 1, float32 (n, *space, channels), and their targets."""

    values: jax.Array
    targets: jax.Array | None
    kind: Kind


@partial(jax.jit, static_argnames="plan")
def _augmented(
    x: jax.Array, targets: jax.Array | None, key: jax.Array, *, plan: Augment
) -> tuple[jax.Array, jax.Array | None]:
    kind = "labels" if targets is None else plan.kind_of(x, targets)
    if targets is not None and kind == "shares":
        numbers = targets[:, 0].astype(jnp.int32)
        targets = jax.nn.one_hot(numbers, plan.classes) if plan.classes else targets.astype(float)
    batch = _Batch(to_unit(x), targets, kind)
    keys = _for_each(key, jnp.arange(len(x)))
    for moving, run in groupby(enumerate(plan.steps), lambda pair: isinstance(pair[1], Move)):
        pairs = [(step, _for_each(keys, number)) for number, step in run]
        if moving:
            batch = _moved(batch, pairs, plan.edges)
        for step, own in () if moving else pairs:
            change = _mixed if isinstance(step, Mixup) else _changed
            # or else the compiler would do a step anew for each pixel that the next one reads
            values = jax.lax.optimization_barrier(batch.values)
            batch = change(batch._replace(values=values), step, own)
    return from_unit(batch.values, x.dtype), batch.targets


def _for_each(keys: jax.Array, numbers: jax.Array | int) -> jax.Array:
    """Make other keys of some, by numbers."""
    return jnp.vectorize(jax.random.fold_in)(keys, numbers)


def _chosen(step: Any, keys: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw which pictures a step is done to, bool (n,), and give the keys of what is done."""
    chance = float(getattr(step, "probability", 1))
    which = jax.vmap(lambda key: jax.random.bernoulli(key, chance))(_for_each(keys, 0))
    return which, _for_each(keys, 1)


def _changed(batch: _Batch, step: Any, keys: jax.Array) -> _Batch:
    which, keys = _chosen(step, keys)
    values = jax.vmap(step)(batch.values, keys)
    if values.shape != batch.values.shape:
        raise SeqcnnError(
            f"the step {step!r} makes {values.shape[1:]} of pictures {batch.values.shape[1:]}: it "
            f"must keep their shape"
        )
    return batch._replace(values=jnp.where(_spread(which, values), values, batch.values))


def _mixed(batch: _Batch, step: Any, keys: jax.Array) -> _Batch:
    if batch.targets is not None and batch.kind != "shares":
        raise SeqcnnError(
            f"mixup mixes shares of classes, not {batch.kind}: set `target` to 'shares' (and "
            f"`classes`), or leave it out"
        )
    if step.alpha == 0:
        return batch
    which, keys = _chosen(step, keys)
    own = jax.vmap(lambda key: jax.random.beta(key, step.alpha, step.alpha))(keys)
    own = jnp.where(which, jnp.maximum(own, 1 - own), 1)
    other = jax.random.permutation(keys[0], len(keys))

    def mix(array: jax.Array) -> jax.Array:
        share = _spread(own, array)
        return share * array + (1 - share) * array[other]

    return batch._replace(
        values=mix(batch.values), targets=None if batch.targets is None else mix(batch.targets)
    )


def _moved(batch: _Batch, pairs: list[tuple[Any, jax.Array]], edges: Edges) -> _Batch:
    """Join moves to one warp of pictures and masks."""
    n, *extents, _ = batch.values.shape
    space, rank = tuple(extents), len(extents)
    identity = jnp.broadcast_to(jnp.eye(rank, rank + 1), (n, rank, rank + 1))
    # from the last move to the first: a place in the new picture is followed back to the old one
    way, places = identity, None
    for step, keys in reversed(pairs):
        which, keys = _chosen(step, keys)
        found = jax.vmap(partial(step.matrix, space))(keys)
        matrix = jnp.where(_spread(which, found), found, identity)
        way = jax.vmap(after)(matrix, way)
        field = jax.vmap(partial(step.field, space))(keys)
        if field is not None:
            moved = affine_places(way, space) if places is None else through(matrix, places)
            places = moved + jnp.where(_spread(which, field), field, 0)
        elif places is not None:
            places = through(matrix, places)
    places = jax.lax.optimization_barrier(affine_places(way, space) if places is None else places)
    values = sample(batch.values, places, edges=edges)
    return batch._replace(values=values, targets=_followed(batch, way, places, edges))


def _followed(batch: _Batch, way: jax.Array, places: jax.Array, edges: Edges) -> jax.Array | None:
    """Move masks and turn angles with their pictures."""
    targets = batch.targets
    if targets is None or batch.kind in ("labels", "shares"):
        return targets
    if batch.kind == "mask":
        layers = targets.reshape(*batch.values.shape[:-1], -1)
        return sample(layers, places, order="nearest", edges=edges).reshape(targets.shape)
    if way.shape[1] != 2:
        raise SeqcnnError("angles are targets of pictures, not of volumes or signals")
    if batch.kind == "sin_cos":
        return turned_direction(targets, way)
    angle = jnp.deg2rad(targets)
    pair = jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=1)
    sine, cosine = jnp.split(turned_direction(pair, way), 2, axis=1)
    return jnp.rad2deg(jnp.arctan2(sine, cosine)).astype(targets.dtype)


def _spread(values: jax.Array, array: jax.Array) -> jax.Array:
    """Give numbers of pictures, (n,), as many axes as an array has."""
    return values.reshape(-1, *(1,) * (array.ndim - 1))


NAMES: dict[str, tuple[Callable[..., Any], str | None]] = {
    "turn": (Turn, "degrees"),
    "turn90": (Turn90, None),
    "turn180": (Turn180, None),
    "flip": (Flip, None),
    "flip_vertical": (partial(Flip, -2), None),
    "skew": (Skew, "degrees"),
    "stretch": (Stretch, "most"),
    "zoom": (Zoom, "most"),
    "shift": (Shift, "share"),
    "crop": (Crop, "least"),
    "elastic": (Elastic, "pixels"),
    "blur": (Blur, "most"),
    "noise": (Noise, "most"),
    "brightness": (Brightness, "most"),
    "contrast": (Contrast, "most"),
    "gamma": (Gamma, "most"),
    "fragment": (Fragment, "share"),
    "cutout": (CutOut, "share"),
    "mixup": (Mixup, "alpha"),
}
"""What a text may ask for: the step, and what the number after its name is."""


def parse_augment(text: str, **options: Any) -> Augment:
    """Make a pipeline of a text.

    Parameters
    ----------
    text
        Steps with commas between them, each ``name``, ``name:number`` or ``name:number@chance``;
        the names are those of `NAMES`. ``edges:reflect`` and ``edges:edge`` say what moves in from
        outside.
    options
        Further arguments of `Augment`.

    Raises
    ------
    SeqcnnError
        A name is unknown, or a number is none or out of range.

    Examples
    --------
    >>> parse_augment("turn:30,flip@0.3").steps
    (Turn(probability=1.0, degrees=30.0), Flip(probability=0.3, axis=-1))
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise SeqcnnError(f"no step of augmentation in {text!r}: choose of {', '.join(NAMES)}")
    edges = [word.partition(":")[2] for word in words if word.startswith("edges:")]
    steps = tuple(_parsed(word) for word in words if not word.startswith("edges:"))
    given: dict[str, Any] = {"edges": edges[-1]} if edges else {}
    return Augment(steps, **options | given)


def _parsed(word: str) -> Any:
    front, at, chance = word.partition("@")
    name, colon, strength = front.partition(":")
    if name not in NAMES:
        raise SeqcnnError(
            f"no step of augmentation is called {name!r}: choose of {', '.join(NAMES)}"
        )
    make, parameter = NAMES[name]
    if colon and parameter is None:
        raise SeqcnnError(f"{name!r} takes no number, but a chance: {name}@0.3, not {word!r}")
    given = {str(parameter): _number(strength, word)} if colon else {}
    given |= {"probability": _number(chance, word)} if at else {}
    try:
        return make(**given)
    except SeqcnnError as error:
        raise SeqcnnError(f"in {word!r}: {error.message}") from error


def _number(text: str, word: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise SeqcnnError(f"{text!r} in {word!r} is no number of 0 or more, as in turn:30@0.5")
    return value
