"""The network of one fold: trained, calibrated, and read for seeds of motifs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.data.dataset import Dataset
from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, count_letters, frame_of
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.networks.weights import Member, create_member
from seqcnn.nn.best_match import BestMatch
from seqcnn.seq.alphabet import PAD
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


def kernel_frames(member: Member, foreground: np.ndarray, search: Search) -> np.ndarray:
    """Read each kernel as a motif, from the windows that excite it most.

    Parameters
    ----------
    member
        A trained `motifcnn`.
    foreground
        uint8 (n, length): training sequences.
    search
        Alphabet, strands and background.

    Returns
    -------
    numpy.ndarray
        float64 (kernels, WIDTH, letters); kernels that nothing excites are left out.
    """
    network = member.network
    if not isinstance(network, MotifCNN):
        return np.zeros((0, WIDTH, search.alphabet.size))
    values, strands, places = _best_windows(network, foreground[:READ])
    width = network.width
    frames = []
    for kernel in range(values.shape[1]):
        score = values[:, kernel]
        fired = np.flatnonzero(score > FIRED * score.max()) if score.max() > 0 else []
        if len(fired) < 5:
            continue
        columns = places[fired, kernel, None] + np.arange(width)
        windows = np.take_along_axis(_at_least(foreground[:READ], width)[fired], columns, 1)
        reverse = strands[fired, kernel] == 1
        if reverse.any():
            windows[reverse] = search.alphabet.reverse_complement(windows[reverse])
        counts = count_letters(windows, np.ones(len(fired)), search.alphabet.size)
        matrix = CountMatrix(counts, search.alphabet).to_probabilities(1.0, search.background)
        frames.append(frame_of(matrix)[0])
    return np.array(frames)


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
