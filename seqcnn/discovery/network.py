"""The network of one fold: trained, calibrated, and read for seeds of motifs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.data.dataset import Dataset
from seqcnn.discovery.candidate import Search, likeness
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import BATCH, WIDTH, count_letters, frame_of
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.networks.weights import Member, create_member
from seqcnn.nn.best_match import BestMatch
from seqcnn.seq.alphabet import PAD
from seqcnn.stats.auroc import auroc
from seqcnn.training.calibrate import fit_calibrator
from seqcnn.training.loop import Fit, Round, Schedule, fit

KERNELS = 64
"""Motif kernels: with 64 the validation AUROC of real peaks is .005 to .01 above that of 32."""

VALIDATION = 8
"""One of so many training sequences decides when to stop, and calibrates."""

VALIDATION_COPIES = 2
"""Shuffles of a validation sequence that are looked at."""

READ = 2000
"""Training sequences whose best windows make a kernel a motif."""

LIKE = 0.8
"""Of kernels of this likeness the better one will do."""

FEWEST = 5
"""Windows that a kernel must be excited by to be a motif."""

FIRED = 0.5
"""A window counts if it excites a kernel by this share of the most that any does (DeepBind)."""


def train_fold(
    contrast: Contrast,
    search: Search,
    *,
    schedule: Schedule,
    dims: int,
    seed: int,
    extra: dict[str, int],
    on_round: Callable[[Round], None] | None = None,
) -> tuple[Member, Fit]:
    """Train and calibrate a network on the training part of one fold.

    Parameters
    ----------
    contrast
        The training part, in random order.
    search
        Alphabet and strands.
    schedule, dims, seed
        How to train; whether sequences are images; the random start.
    extra
        Facts to keep with the network.
    on_round
        Is called after each round.
    """
    strand = "both" if search.both_strands else "one"
    member = create_member(
        "motifcnn",
        alphabet=search.alphabet,
        seed=seed,
        strand=strand,
        dims=dims,
        kernels=KERNELS,
        pool="max",
    )
    held = max(1, len(contrast) // VALIDATION)
    held_control = max(1, len(contrast.control) // VALIDATION)
    rows, control_rows = np.arange(len(contrast)), np.arange(len(contrast.control))
    validation = contrast.select(rows[:held], control_rows[:held_control])
    training = contrast.select(rows[held:], control_rows[held_control:])
    labelled = _dataset(validation.thinned(VALIDATION_COPIES))
    fitted = fit(
        member.network,
        _dataset(training),
        labelled,
        schedule=schedule,
        seed=seed,
        on_round=on_round,
    )
    calibrator = fit_calibrator(fitted.validation_logits, labelled.y)
    facts = {**extra, "calibrator": list(calibrator)}
    return replace(member, network=fitted.network, extra=facts), fitted


def kernel_frames(
    member: Member, contrast: Contrast, search: Search, number: int = BATCH
) -> np.ndarray:
    """Read the kernels that tell most as motifs, from the windows that excite them most.

    Those tell most whose best windows tell foreground from control best.

    Parameters
    ----------
    member
        A trained `motifcnn`.
    contrast
        Training sequences.
    search
        Alphabet, strands and background.
    number
        At most so many kernels are read.

    Returns
    -------
    numpy.ndarray
        float64 (kernels, WIDTH, letters), unlike one another; kernels that nothing excites are left
        out.
    """
    network = member.network
    some = contrast.head(READ).thinned(1)
    if not isinstance(network, MotifCNN) or not number:
        return np.zeros((0, WIDTH, search.alphabet.size))
    values, strands, places = _best_windows(network, some.foreground)
    control_values, _, _ = _best_windows(network, some.control)
    telling = [auroc(v, c) for v, c in zip(values.T, control_values.T, strict=True)]
    frames: list[np.ndarray] = []
    matrices: list[ProbabilityMatrix] = []
    for kernel in np.argsort(telling, kind="stable")[::-1]:
        site = values[:, kernel], strands[:, kernel], places[:, kernel]
        matrix = _kernel_matrix(some.foreground, *site, network.width, search)
        if matrix is None or any(
            likeness(matrix, other, both_strands=search.both_strands) > LIKE for other in matrices
        ):
            continue
        matrices.append(matrix)
        frames.append(frame_of(matrix)[0])
        if len(frames) == number:
            break
    return np.array(frames)


def _kernel_matrix(
    codes: np.ndarray,
    score: np.ndarray,
    strand: np.ndarray,
    start: np.ndarray,
    width: int,
    search: Search,
) -> ProbabilityMatrix | None:
    """Count the windows that excite a kernel; None if there are too few."""
    fired = np.flatnonzero(score > FIRED * score.max()) if score.max() > 0 else []
    if len(fired) < FEWEST:
        return None
    columns = start[fired, None] + np.arange(width)
    windows = np.take_along_axis(_at_least(codes, width)[fired], columns, 1)
    reverse = strand[fired] == 1
    if reverse.any():
        windows[reverse] = search.alphabet.reverse_complement(windows[reverse])
    counts = count_letters(windows, np.ones(len(fired)), search.alphabet.size)
    return CountMatrix(counts, search.alphabet).to_probabilities(1.0, search.background)


def _best_windows(
    network: MotifCNN, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, strand and start of the best window of each kernel in each sequence."""
    graph, weights = nnx.split(network)
    best = _read(weights, jnp.asarray(codes), graph=graph)
    return np.asarray(best.value), np.asarray(best.strand), np.asarray(best.position)


@partial(jax.jit, static_argnames="graph")
def _read(weights: nnx.State, codes: jax.Array, *, graph: nnx.GraphDef[MotifCNN]) -> BestMatch:
    return nnx.merge(graph, weights).best_windows(codes)


def _at_least(codes: np.ndarray, width: int) -> np.ndarray:
    missing = max(0, width - codes.shape[1])
    return np.pad(codes, ((0, 0), (0, missing)), constant_values=PAD)


def _dataset(contrast: Contrast) -> Dataset:
    x = np.concatenate([contrast.foreground, contrast.control])
    y = np.concatenate([np.ones(len(contrast.foreground)), np.zeros(len(contrast.control))])
    return Dataset(x, y.astype(np.float32))
