"""Design: sequences changed letter by letter until a model scores them as is wanted.

Every step looks at all changes of one letter (saturation mutagenesis), leaves out those that break
a constraint, and keeps the best few sequences (a beam; one is greedy search). With gradients the
letters that may be put in are first proposed by samples of letter probabilities that are learnt
through the network, straight through the sampling (Linder and Seelig 2021,
doi:10.1186/s12859-021-04437-5); which of them are taken is then chosen in the same way.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.constraints import Constraints
from seqcnn.explain.methods import attribute
from seqcnn.explain.outputs import Output
from seqcnn.explain.propose import propose_letters
from seqcnn.networks.weights import Member, Model
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.training.calibrate import Calibrator
from seqcnn.training.predict import log_odds_of_class, scores_of_networks, target_of

METHODS = ("greedy", "beam", "gradient")

Goal = Literal["max", "min"] | float
"""What is wanted of the score."""

BEAM = 8
"""Sequences that are kept of each, where none are said."""

PATIENCE = 3
"""Steps without a better sequence after which a search without a limit of edits ends."""


@dataclass(frozen=True, eq=False)
class Designed:
    """Designed sequences.

    Parameters
    ----------
    start, sequences
        n before and after, of the same lengths and names.
    before, after
        float64 (n,): calibrated scores on the scale that the model has learnt.
    kept
        bool (n,): whether each keeps to all constraints.
    """

    start: SequenceSet
    sequences: SequenceSet
    before: np.ndarray
    after: np.ndarray
    kept: np.ndarray

    def edits(self, row: int) -> list[tuple[int, str, str]]:
        """List the letters that differ: position from 0, letter before and after."""
        one, other = self.start[row], self.sequences[row]
        decode = self.start.alphabet.decode
        return [
            (int(p), decode(one[p : p + 1]), decode(other[p : p + 1]))
            for p in np.flatnonzero(one != other)
        ]


def design(
    model: Model,
    start: SequenceSet,
    constraints: Constraints,
    *,
    goal: Goal = "max",
    method: str = "beam",
    beam: int = BEAM,
    task: int | str | None = None,
    seed: int = 0,
) -> Designed:
    """Change sequences until a model scores them as is wanted.

    Parameters
    ----------
    model
        As `load_model` gives.
    start
        Sequences to begin with, over the alphabet of the model.
    constraints
        What may be changed, and what must not come out. What a sequence breaks at the start is
        mended first.
    goal
        ``"max"``, ``"min"``, or a score to come close to: log-odds, or a number on the scale that
        the model has learnt, calibrated.
    method
        ``"greedy"``, ``"beam"``, or ``"gradient"``: a beam over letters that gradients propose.
    beam
        Sequences kept of each; 1 of a greedy search.
    task
        Name or number of the output; None where there is one.
    seed
        Of the samples of ``"gradient"``.

    Raises
    ------
    SeqcnnError
        An argument is out of range, or alphabets differ.
    """
    if method not in METHODS:
        raise SeqcnnError(f"`method` is {method!r}, it must be one of {', '.join(METHODS)}")
    if beam < 1:
        raise SeqcnnError(f"`beam` is {beam}, it must be 1 or more")
    if constraints.alphabet != start.alphabet:
        raise SeqcnnError("`constraints` are for another alphabet than the sequences")
    names = target_of(model).names
    number = task_number(names, task)
    kept = 1 if method == "greedy" else beam
    search = _Search(model, start, constraints, goal, names[number], kept)
    codes, proposed = start.padded(), None
    if method == "gradient":
        networks = [(m.network, s.scale) for m, s in zip(model.members, search.scores, strict=True)]
        sign, classes = search.direction(codes), target_of(model).kind == "multiclass"
        proposed = propose_letters(
            networks, codes, constraints,
            output=Output(number, centred=classes), sign=sign, seed=seed,
        )  # fmt: skip
    found = search.run(codes, proposed)
    lengths = start.lengths
    rows = [row[:length] for row, length in zip(found, lengths.tolist(), strict=True)]
    made = SequenceSet.from_arrays(rows, alphabet=start.alphabet, ids=start.ids)
    before, after = (scores_of_networks(model, s).mean(0)[:, number] for s in (start, made))
    return Designed(start, made, before, after, constraints.kept(found, codes))


class _Search:
    """A beam of sequences for each one at the start."""

    def __init__(
        self,
        model: Model,
        start: SequenceSet,
        constraints: Constraints,
        goal: Goal,
        task: str,
        beam: int,
    ) -> None:
        self.model, self.start, self.constraints = model, start, constraints
        self.goal, self.beam = goal, beam
        self.scores = [
            _Score.of(model, member, task, exact=goal not in ("max", "min"))
            for member in model.members
        ]
        # log-odds of a class take the logits of all of them
        names = target_of(model).names
        self.tasks = names if target_of(model).kind == "multiclass" else (task,)

    def direction(self, codes: np.ndarray) -> np.ndarray:
        """Say whether scores have to go up or down, float (n,): 1 or -1."""
        if self.goal in ("max", "min"):
            return np.full(len(codes), 1.0 if self.goal == "max" else -1.0)
        _, output = self.mutants(codes)
        return np.where(self.worth(output + 0.1) >= self.worth(output), 1.0, -1.0)

    def worth(self, output: np.ndarray) -> np.ndarray:
        """Say how good outputs are: the higher the better."""
        if self.goal == "max":
            return output
        if self.goal == "min":
            return -output
        return -np.abs(output - float(self.goal))

    def mutants(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score all changes of one letter: differences (n, length, letters), and scores (n,)."""
        lengths = np.count_nonzero(codes != PAD, axis=1).tolist()
        rows = [row[:length] for row, length in zip(codes, lengths, strict=True)]
        given = SequenceSet.from_arrays(rows, alphabet=self.start.alphabet)
        changes, output = np.zeros((*codes.shape, given.alphabet.size)), np.zeros(len(codes))
        for member, score in zip(self.model.members, self.scores, strict=True):
            alone = Model((member,), self.model.alphabet, self.model.extra)
            found = [attribute(alone, given, method="ism", task=task) for task in self.tasks]
            own = np.stack([f.output for f in found], axis=-1)
            change = np.stack([f.values for f in found], axis=-1).astype(np.float64)
            before = score(own)
            after = score(own[:, None, None] + change)
            changes += (after - before[:, None, None]) / len(self.scores)
            output += before / len(self.scores)
        return changes, output

    def run(self, codes: np.ndarray, proposed: np.ndarray | None) -> np.ndarray:
        """Search; give the best sequence of each, uint8 (n, length)."""
        beams = [row[None] for row in codes]
        best, best_key = codes.copy(), [(-np.inf, -np.inf)] * len(codes)
        waited = np.zeros(len(codes), int)
        limit = self.constraints.edits
        steps = codes.shape[1] if limit is None else limit
        for step in range(steps + 1):
            going = [i for i, rows in enumerate(beams) if len(rows) and waited[i] <= PATIENCE]
            if not going:
                break
            together = np.concatenate([beams[i] for i in going])
            owner = np.repeat(going, [len(beams[i]) for i in going])
            changes, output = self.mutants(together)
            broken = self.constraints.broken(together)
            for i in going:
                keys = [(-b, w) for b, w in zip(broken[owner == i], self.worth(output[owner == i]),
                                                strict=True)]  # fmt: skip
                top = max(range(len(keys)), key=keys.__getitem__)
                waited[i] += 1
                if keys[top] > best_key[i]:
                    best[i], best_key[i], waited[i] = together[owner == i][top], keys[top], 0
            if step == steps:
                break
            moves = self._moves(together, codes[owner], changes, output, broken, proposed, owner)
            for i in going:
                beams[i] = moves.get(i, codes[:0])
        return best

    def _moves(
        self,
        codes: np.ndarray,
        start: np.ndarray,
        changes: np.ndarray,
        output: np.ndarray,
        broken: np.ndarray,
        proposed: np.ndarray | None,
        owner: np.ndarray,
    ) -> dict[int, np.ndarray]:
        """Take the best changes of all sequences of each beam."""
        allowed = self.constraints.allowed(codes, start)
        mended = self.constraints.repairs(codes)
        # what is broken is mended before anything else, by whatever letter does
        mending = (broken > 0)[:, None, None]
        if proposed is not None:
            letters = np.arange(changes.shape[2], dtype=np.uint8)
            meant = (proposed[owner][..., None] == letters) | (start[..., None] == letters)
            allowed &= meant | mending
        allowed &= ~mending | (mended > 0)
        worth = self.worth(output[:, None, None] + changes)
        value = np.where(allowed, worth, -np.inf)
        key = np.where(mending, mended, 0.0)
        result: dict[int, np.ndarray] = {}
        for i in np.unique(owner).tolist():
            rows = np.flatnonzero(owner == i)
            flat, first = value[rows].ravel(), key[rows].ravel()
            usable = np.flatnonzero(np.isfinite(flat))
            order = usable[np.lexsort((-flat[usable], -first[usable]))]
            result[i] = self._made(codes[rows], order, changes.shape[1:])
        return result

    def _made(self, codes: np.ndarray, order: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Make the first `beam` different sequences of an order of changes."""
        seen: set[bytes] = set()
        made: list[np.ndarray] = []
        for place in order.tolist():
            row, position, letter = np.unravel_index(place, (len(codes), *shape))
            changed = codes[row].copy()
            changed[position] = letter
            if changed.tobytes() not in seen:
                seen.add(changed.tobytes())
                made.append(changed)
                if len(made) == self.beam:
                    break
        return np.array(made) if made else codes[:0]


def task_number(names: tuple[str, ...], task: int | str | None) -> int:
    """Find a task by its name or number; the only one needs not be told."""
    if task is None and len(names) == 1:
        return 0
    if isinstance(task, str) and task in names:
        return names.index(task)
    if isinstance(task, str) and task.isdecimal():
        task = int(task)
    if isinstance(task, int) and 0 <= task < len(names):
        return task
    raise SeqcnnError(f"`task` is {task!r}, it must be one of {', '.join(names)}")


@dataclass(frozen=True, eq=False)
class _Score:
    """Turns what `attribute` gives of a network, float (..., outputs), into its calibrated score.

    Parameters
    ----------
    scale, offset
        Of the line through the outputs; of classes that exclude each other for all of them.
    number
        Of the class; None where there is one output only.
    curve
        Instead of the line: outputs, rising, and the scores of these; None for the line.
    """

    scale: float
    offset: float
    number: int | None = None
    curve: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @classmethod
    def of(cls, model: Model, member: Member, task: str, *, exact: bool) -> "_Score":
        """Make that of one network; a curve, which is flat in places, only if it has to be exact.

        Without it the order is that of the outputs, and a search goes on where the curve is flat.
        """
        target = target_of(model)
        if "target" not in model.extra:  # of `discover`
            scale, offset = member.extra.get("calibrator", (1.0, 0.0))
            return cls(float(scale), float(offset))
        number = target.names.index(task)
        if target.kind == "profile":
            return cls(1.0, float(target.centre[number]))
        calibrator = Calibrator.from_dict(member.extra["calibrator"])
        if calibrator.curves:
            return cls(1.0, 0.0, curve=calibrator.curves[number] if exact else None)
        low, high = (
            target.rescaled(calibrator(np.full((1, target.outputs), x)))[0, number] for x in (0, 1)
        )
        several = number if target.kind == "multiclass" else None
        return cls(float(high - low), float(low), several)

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Score, float64 (...)."""
        if self.curve is not None:
            return np.interp(outputs[..., 0], *self.curve)
        line = self.scale * outputs + self.offset
        return line[..., 0] if self.number is None else log_odds_of_class(line, self.number)
