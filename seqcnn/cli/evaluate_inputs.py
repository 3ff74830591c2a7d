"""What ``evaluate`` reads: sequences with what is known of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqcnn.cli.places import Places
from seqcnn.cli.train_inputs import has_labels, listed
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from seqcnn.seq.io.labels import LabelTable
    from seqcnn.seq.record import SequenceSet
    from seqcnn.training.targets import Target


@dataclass(frozen=True, eq=False)
class Known:
    """Sequences, and what is known of them.

    Parameters
    ----------
    sequences
        n of them.
    labels
        float64 (n, tasks), NaN where missing; of profiles (n, width, tasks).
    weights
        float64 (n,): how much each counts; None for all the same.
    values
        int64 (n,): equal for those that hang together by a column; None without one.
    """

    sequences: "SequenceSet"
    labels: "np.ndarray"
    weights: "np.ndarray | None" = None
    values: "np.ndarray | None" = None

    def groups(self, *, both_strands: bool) -> "np.ndarray":
        """Group what hangs together: near-duplicates, overlapping intervals, equal values."""
        from seqcnn.seq.groups import dependent_groups, joined_groups

        groups = dependent_groups(self.sequences, both_strands=both_strands)
        return groups if self.values is None else joined_groups(groups, self.values)


def read_known(
    target: "Target",
    files: tuple[str, ...],
    letters: Any,
    extra: "Mapping[str, Any]",
    *,
    control: str | None,
    classes: bool,
    labels: str | None,
    columns: str | None,
    weights: str | None,
    group_by: str | None,
    profile: tuple[str, ...],
    alphabet: str | None,
    mask: str,
    places: Places,
    strand: str | None,
    seed: int,
) -> Known:
    """Read sequences, and labels of the tasks of a model.

    Parameters
    ----------
    target
        Of the model.
    files, control, classes, labels, columns, weights, group_by, profile
        Of the command; as for ``train``.
    letters
        The alphabet of the model, `alphabet` is what was said.
    extra
        Facts on the model, such as the columns that it has learnt.
    mask, places, strand, seed
        How sequences are read.
    """
    reading: dict[str, Any] = {"mask": mask, "strand": strand}
    sets = [places.read(path, alphabet=alphabet or letters, **reading) for path in files]
    table = labels
    if labels is None and not (control or classes or profile) and len(sets) == 1:
        table = files[0] if has_labels(files[0]) else None
    if table is None and (columns or weights or group_by):
        raise SeqcnnError("`--columns`, --weights and --group-by are for tables of labels")
    if profile or target.kind == "profile":
        return _profiles(target, sets, profile, given=[control, classes, labels])
    if table is not None:
        if len(sets) > 1 or control or classes:
            raise SeqcnnError("`--labels` goes with one file, and neither --control nor --classes")
        learnt = tuple(
            extra.get("columns") or (() if target.kind == "multiclass" else target.names)
        )
        wanted = listed("--columns", columns) or learnt
        return _labelled(target, sets[0], table, (wanted, columns is not None), weights, group_by)
    if classes:
        return _classes(target, sets)
    return _two_sides(target, files, sets, control, seed=seed, places=places, reading=reading)


def _classes(target: "Target", sets: "list[SequenceSet]") -> Known:
    import numpy as np

    from seqcnn.seq.record import concatenate

    if target.kind != "multiclass" or len(sets) != target.outputs:
        raise SeqcnnError(
            f"`--classes` with {len(sets)} files, but the model is of {target.kind} with "
            f"{target.outputs} outputs"
        )
    values = np.repeat(np.arange(len(sets), dtype=float), [len(s) for s in sets])
    return Known(concatenate(sets), values[:, None])


def _two_sides(
    target: "Target",
    files: tuple[str, ...],
    sets: "list[SequenceSet]",
    control: str | None,
    *,
    seed: int,
    places: Places,
    reading: "Mapping[str, Any]",
) -> Known:
    import numpy as np

    from seqcnn.seq.record import concatenate

    if target.kind != "binary" or len(sets) > 1:
        raise SeqcnnError(
            f"the model is of {target.kind} ({', '.join(target.names)}): say what SEQUENCES are "
            f"with --labels, or --classes and a file for each class"
        )
    other = places.read_control(control, files[0], sets[0], seed=seed, **reading)
    if other is None:
        raise SeqcnnError("one class alone cannot be told from another: give --control or --labels")
    values = np.repeat([1.0, 0.0], [len(sets[0]), len(other)])
    return Known(concatenate([sets[0], other]), values[:, None])


def _profiles(
    target: "Target", sets: "list[SequenceSet]", paths: tuple[str, ...], *, given: list[Any]
) -> Known:
    from seqcnn.seq.io.signal import read_profiles

    if target.kind != "profile":
        raise SeqcnnError(f"`--profile` is for models of profiles, this one is of {target.kind}")
    if len(sets) > 1 or any(given) or len(paths) != target.outputs:
        raise SeqcnnError(
            f"the model is of profiles ({', '.join(target.names)}): give intervals, and --profile "
            f"with a file for each of its tracks, in this order"
        )
    return Known(sets[0], read_profiles(paths, sets[0], width=target.width))


def _labelled(
    target: "Target",
    read: "SequenceSet",
    path: str,
    columns: "tuple[Sequence[str], bool]",
    weights: str | None,
    group_by: str | None,
) -> Known:
    from seqcnn.seq.io.labels import read_labels
    from seqcnn.training.samples import check_weights, names_in_table, numbered
    from seqcnn.training.targets import check_labels

    table = read_labels(path, read.ids)
    counts = None if weights is None else table.column(weights)
    if counts is not None:
        check_weights(counts, str(weights))
    alike = None if group_by is None else numbered(table.texts(group_by))
    for name in {weights, group_by} - {None}:
        table = table.without(str(name))
    table = _columns_of(target, table, *columns)
    values = _values(target, table)
    chosen, rows = table.match(names_in_table(read, table))
    kept = read.select(chosen)
    check_labels(target, values[rows], kept.ids, learnt=False)
    counts, alike = (None if array is None else array[rows] for array in (counts, alike))
    return Known(kept, values[rows], counts, alike)


def _columns_of(
    target: "Target", table: "LabelTable", wanted: "Sequence[str]", told: bool
) -> "LabelTable":
    """Take the columns of the tasks: those that were named, or that the model has learnt."""
    found = list(wanted) if told else [name for name in wanted if name in table.names]
    if found:
        return table.only(found)
    several = target.kind == "multilabel" or (target.outputs > 1 and target.kind != "multiclass")
    if several:
        found = [name for name in table.names if name in target.names]
    elif len(table.names) == 1:
        found = list(table.names)
    if not found:
        learnt = ", ".join(wanted or target.names)
        raise SeqcnnError(
            f"no column is one that the model has learnt ({learnt}): say with --columns which hold "
            f"the labels, of {', '.join(table.names)}",
            path=table.path,
        )
    return table.only(found)


def _values(target: "Target", table: "LabelTable") -> "np.ndarray":
    """Read labels as the model counts them, float64 (rows, tasks)."""
    import numpy as np

    if target.kind == "multiclass":
        numbers, names = table.classes()
        unknown = sorted(set(names) - set(target.names))
        if unknown:
            raise SeqcnnError(
                f"the class {unknown[0]!r} is none of the model's: {', '.join(target.names)}",
                path=table.path,
            )
        where = np.array([target.names.index(name) for name in names], float)
        return where[numbers.astype(int)]
    if target.outputs == 1:
        if len(table.names) > 1:
            raise SeqcnnError(
                f"the model has one task, {len(table.names)} columns were named", path=table.path
            )
        return table.numbers()
    unknown = [name for name in table.names if name not in target.names]
    if unknown:
        raise SeqcnnError(
            f"the column {unknown[0]!r} is no task of the model: {', '.join(target.names)}",
            path=table.path,
        )
    values = np.full((len(table.ids), target.outputs), np.nan)
    values[:, [target.names.index(name) for name in table.names]] = table.numbers()
    return values
