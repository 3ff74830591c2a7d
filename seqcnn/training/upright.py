"""Turn pictures the right way up: a network that tells how far a picture has been turned.

An angle jumps from 180 to -180 degrees where nothing happens in the picture, so a network learns
its sine and cosine, which do not jump. It learns from pictures that are upright: each is turned by
a random angle in each step, inside of jit. Only the largest disc in the middle of a picture is
shown, since corners would tell the angle without a look at what is in the picture.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.data.split import grouped_folds
from seqcnn.errors import SeqcnnError
from seqcnn.image.augment import Augment
from seqcnn.image.moves import Move, Turn
from seqcnn.image.pixel_steps import Step
from seqcnn.image.turn import Disc, disc, turn
from seqcnn.image.warp import Edges
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import Fitted, Progress, fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.predict import ModelLike, target_of
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target

UPRIGHT = Target("regression", ("sine", "cosine"))
"""What the network predicts, of the angle by which a picture has been turned anticlockwise."""

BLOCK = 1024
"""Pictures that are turned together."""


class Angles(NamedTuple):
    """How pictures are turned.

    Parameters
    ----------
    degrees
        float64 (n,), from -180 to 180, anticlockwise as pictures are shown.
    confidence
        float64 (n,): length of the vector of cosine and sine. Near 1 where the network is sure,
        near 0 where several angles are as likely.
    """

    degrees: np.ndarray
    confidence: np.ndarray


def default_upright_schedule(n: int) -> Schedule:
    """Choose a schedule for n upright pictures.

    Examples
    --------
    >>> default_upright_schedule(50_000).rounds
    20
    """
    steps = int(np.clip(n // 100, 20, 200))
    return Schedule(
        batch=128, steps=steps, rounds=20, patience=6, learning_rate=3e-3, weight_decay=0.01
    )


def fit_upright(
    network: nnx.Module,
    x: np.ndarray,
    *,
    schedule: Schedule | None = None,
    steps: tuple[Move | Step, ...] = (),
    edges: Edges = "zero",
    share: float = 0.1,
    groups: np.ndarray | None = None,
    seed: int = 0,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Fitted:
    """Teach a network how pictures are turned.

    Parameters
    ----------
    network
        Takes pictures as they are stored and gives two numbers: ``create(name, input_shape=...,
        classes=2, pixels={})``.
    x
        (n, height, width, channels): pictures that are upright.
    schedule
        None for `default_upright_schedule`.
    steps
        Further augmentation, before corners are hidden.
    edges
        What comes in from outside, as pictures turn.
    share
        Of the pictures: says which round is the best, and is not learnt from.
    groups
        int (n,): pictures of one group are either learnt from or not; None if each is its own.
    seed
        Same seed, same network.
    report
        Is told after each step.

    Raises
    ------
    SeqcnnError
        There are fewer than ten pictures, or the network gives other than two numbers.
    """
    if x.ndim != 4 or len(x) < 10:
        raise SeqcnnError(
            f"to learn what is upright takes 10 or more pictures (n, height, width, channels), not "
            f"{tuple(x.shape)}"
        )
    parts = max(2, round(1 / share))
    own = np.arange(len(x)) if groups is None else groups
    stopping = grouped_folds(own, min(parts, len(np.unique(own))), seed=seed) == 0
    plan = Augment((Turn(180.0), *steps, Disc()), target="sin_cos", edges=edges)
    # turned once, so that every round is judged by the same pictures
    judged = plan.with_targets(
        jnp.asarray(x[stopping]), _upright(int(stopping.sum())), jax.random.key(seed)
    )
    return fit_target(
        network,
        Examples(x, np.asarray(_upright(len(x))), rows=np.flatnonzero(~stopping)),
        Examples(*map(np.asarray, judged)),
        target=UPRIGHT,
        recipe=Recipe(schedule or default_upright_schedule(len(x)), augmentation=plan),
        seed=seed,
        report=report,
    )


def find_angles(
    model: ModelLike | nnx.Module, pictures: np.ndarray, *, quarters: int = 4
) -> Angles:
    """Tell how far pictures are turned.

    Parameters
    ----------
    model
        What `fit_upright` has taught: a network, or several, whose vectors are averaged.
    pictures
        (n, height, width, channels), of the size that the network reads.
    quarters
        So many quarter turns of each picture are looked at (pixels lose nothing by them), and what
        is found is turned back and averaged; 1 for the picture as it is alone.

    Raises
    ------
    SeqcnnError
        The model is of another kind, or pictures are not square.
    """
    x = np.asarray(pictures)
    if x.ndim != 4 or (quarters > 1 and x.shape[1] != x.shape[2]):
        raise SeqcnnError(
            f"pictures to turn must be square, (n, size, size, channels), not {tuple(x.shape)}"
        )
    shown = np.where(disc(x.shape[1:3])[..., None], x, np.zeros((), x.dtype))
    vectors = np.zeros(len(x), complex)
    networks = _networks(model)
    for network in networks:
        graph, state = nnx.split(network)
        for quarter in range(quarters):
            turned = np.rot90(shown, quarter, axes=(1, 2))
            outputs = predict_outputs(graph, (state,), turned).astype(float)
            if outputs.shape[1:] != (2,):
                raise SeqcnnError(
                    f"the network gives {outputs.shape[1:]} numbers, sine and cosine are 2"
                )
            vectors += (outputs[:, 1] + 1j * outputs[:, 0]) * (-1j) ** quarter
    vectors /= len(networks) * quarters
    return Angles(np.rad2deg(np.angle(vectors)), np.abs(vectors))


def upright(
    model: ModelLike | nnx.Module,
    pictures: np.ndarray,
    *,
    edges: Edges = "zero",
    quarters: int = 4,
) -> np.ndarray:
    """Turn pictures the right way up.

    Parameters
    ----------
    model, pictures, quarters
        As for `find_angles`.
    edges
        What comes in from outside.

    Returns
    -------
    numpy.ndarray
        Of the shape and dtype of `pictures`.
    """
    return turned_back(pictures, find_angles(model, pictures, quarters=quarters), edges=edges)


def turned_back(pictures: np.ndarray, angles: Angles, *, edges: Edges = "zero") -> np.ndarray:
    """Turn pictures clockwise by how far they are turned."""
    parts = [
        np.asarray(turn(pictures[i : i + BLOCK], -angles.degrees[i : i + BLOCK], edges=edges))
        for i in range(0, len(pictures), BLOCK)
    ]
    return np.concatenate(parts) if parts else np.array(pictures)


def errors_of_turned(
    model: ModelLike | nnx.Module, x: np.ndarray, *, edges: Edges = "zero", seed: int = 0
) -> np.ndarray:
    """Turn upright pictures by random angles, and tell how far off what is found is.

    Parameters
    ----------
    model
        As for `find_angles`.
    x
        (n, size, size, channels): pictures that the network has not seen.
    edges
        What comes in from outside, as pictures turn.
    seed
        Of the angles.

    Returns
    -------
    numpy.ndarray
        float64 (n,): degrees, from 0 to 180; guesses are 90 degrees off in the middle.
    """
    true = np.random.default_rng([seed, 23]).uniform(-180, 180, len(x))
    return angle_errors(
        find_angles(model, turned_back(x, Angles(-true, true), edges=edges)).degrees, true
    )


def angle_errors(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Tell by how much angles differ, float64 (n,) from 0 to 180 degrees.

    Examples
    --------
    >>> angle_errors(np.array([170.0, 10.0]), np.array([-170.0, 30.0])).tolist()
    [20.0, 20.0]
    """
    return np.abs((np.asarray(found) - true + 180) % 360 - 180)


def _upright(n: int) -> jax.Array:
    return jnp.broadcast_to(jnp.array([0.0, 1.0]), (n, 2))


def _networks(model: ModelLike | nnx.Module) -> list[nnx.Module]:
    if isinstance(model, nnx.Module):
        return [model]
    if target_of(model).names != UPRIGHT.names:
        raise SeqcnnError(
            "this model does not tell how pictures are turned: train one with `seqcnn image "
            "upright train`"
        )
    return [member.network for member in model.members]
