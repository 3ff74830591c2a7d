"""`Scorer`: one calibrated number for each sequence, the mean over the networks of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from seqcnn.errors import SeqcnnError
from seqcnn.explain.design import task_number
from seqcnn.explain.members import count_outputs, explained
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Member, Model
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.training.predict import scores_of_networks, target_of
from seqcnn.training.targets import Target

LETTERS = 1 << 24
"""Letters that are scored in one go, as far as whole sequences allow."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores sequences by one task of a model.

    Parameters
    ----------
    model
        Networks.
    number, task
        Of the task, and its name.
    """

    model: Model
    number: int
    task: str

    @classmethod
    def of(
        cls, model: Model | SequenceNetwork, alphabet: Alphabet, task: int | str | None = None
    ) -> "Scorer":
        """Make one.

        Parameters
        ----------
        model
            As `load_model` gives: scores are calibrated, as of `scores_of_networks`. Or a network:
            scores are its outputs.
        alphabet
            Of the sequences.
        task
            Name or number of the output; None where there is one.

        Raises
        ------
        SeqcnnError
            The model reads other letters, or has no such task.
        """
        if isinstance(model, Model):
            if model.alphabet is not None and model.alphabet != alphabet:
                raise SeqcnnError(
                    f"the model reads {model.alphabet.name}, the sequences are {alphabet.name}"
                )
            names = target_of(model).names
            number = task_number(names, task)
            return cls(model, number, names[number])
        output = explained(model, SequenceSet.from_arrays([], alphabet=alphabet), task=task)
        network = output.networks[0][0]
        wide = count_outputs(network)
        identity = {"fold": 0, "calibrator": {"scale": [1.0] * wide, "offset": [0.0] * wide}}
        target = Target("regression", tuple(str(i) for i in range(wide)))
        member = Member(type(network).__name__, {}, network, identity)
        made = Model((member,), alphabet, {"target": target.to_dict()})
        return cls(made, output.output.task, output.task)

    def __call__(self, sequences: SequenceSet) -> np.ndarray:
        """Score sequences, float64 (n,)."""
        ends = np.searchsorted(
            sequences.offsets, np.arange(LETTERS, len(sequences.codes) + LETTERS, LETTERS)
        )
        parts, low = [], 0
        for end in np.minimum(ends, len(sequences)).tolist():
            if end > low:
                rows = np.arange(low, end)
                some = sequences if len(rows) == len(sequences) else sequences.select(rows)
                parts.append(scores_of_networks(self.model, some).mean(0)[:, self.number])
                low = end
        if low < len(sequences):  # sequences without letters at the end
            rest = sequences.select(np.arange(low, len(sequences)))
            parts.append(scores_of_networks(self.model, rest).mean(0)[:, self.number])
        return np.concatenate(parts) if parts else np.zeros(0)

    def each(self, sets: Sequence[SequenceSet]) -> list[np.ndarray]:
        """Score several sets together; one array for each."""
        cuts = np.cumsum([len(s) for s in sets])[:-1]
        return np.split(self(concatenate(sets)), cuts)

    def rows(self, codes: np.ndarray, alphabet: Alphabet) -> np.ndarray:
        """Score sequences of one length, uint8 (n, length) to float64 (n,)."""
        number, length = codes.shape
        offsets = np.arange(number + 1, dtype=np.int64) * length
        return self(SequenceSet(alphabet, codes.reshape(-1), offsets, ("",) * number))


def mean_and_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the mean over the last axis, and its 95 % interval by Student's t.

    Parameters
    ----------
    values
        float64 (..., n).

    Returns
    -------
    mean, low, high : numpy.ndarray
        float64 (...); the interval of fewer than two values is NaN.
    """
    number = values.shape[-1]
    mean = values.mean(axis=-1)
    half = np.full(mean.shape, np.nan)
    if number > 1:
        half = stdtrit(number - 1, 0.975) * values.std(axis=-1, ddof=1) / np.sqrt(number)
    return mean, mean - half, mean + half
