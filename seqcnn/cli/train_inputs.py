"""What ``train`` reads: the arguments on data checked against each other, and turned into a sample.

Nothing heavy is imported before the arguments have been checked.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcnn.cli.options import default_out
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.seq.io.labels import LabelTable
    from seqcnn.seq.record import SequenceSet
    from seqcnn.training.samples import Apart, Sample
    from seqcnn.training.targets import Target

PER_BASE = "per-base"
"""The task whose labels are intervals, not a table."""

OF_TABLES = (
    ("task", "auto"), ("transform", "none"), ("weights", None), ("columns", None),
)  # fmt: skip
"""Options on labels, and what they are by default."""


def check_arguments(files: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    SeqcnnError
        Some do not.
    """
    ways = [name for name in ("control", "labels", "classes", "profile") if options[name]]
    if len(ways) > 1:
        raise SeqcnnError(
            f"`--{ways[0]}` and --{ways[1]} say both what is learnt: leave one of the two out"
        )
    if options["classes"] and len(files) < 2:
        raise SeqcnnError("`--classes` takes a file for each class, two or more: here is one")
    if not options["classes"] and len(files) > 1:
        raise SeqcnnError(f"{len(files)} files are given: say --classes if each is a class")
    if ways and ways != ["labels"]:
        _refuse_options_of_tables(options)
    _check_profile(options)
    _check_positions(options)
    _check_folds(options)


def _check_positions(options: Mapping[str, Any]) -> None:
    if options["task"] != PER_BASE:
        return
    if not options["labels"]:
        raise SeqcnnError("`--task` per-base learns sites: give their BED file with --labels")
    for name in ("augment", "augment_strand", "columns", "weights"):
        if options[name]:
            option = name.replace("_", "-")
            raise SeqcnnError(f"`--{option}` does not go with --task per-base: leave it out")


def _refuse_options_of_tables(options: Mapping[str, Any]) -> None:
    for name, unset in OF_TABLES:
        if options[name] != unset:
            raise SeqcnnError(
                f"`--{name}` {options[name]} is for tables of --labels, or with a "
                f"column of sequences"
            )


def _check_profile(options: Mapping[str, Any]) -> None:
    if options["profile_width"] and not options["profile"]:
        raise SeqcnnError(f"`--profile-width` {options['profile_width']} goes with --profile")
    for name in ("augment", "augment_strand"):
        if options["profile"] and options[name]:
            option = name.replace("_", "-")
            raise SeqcnnError(f"`--{option}` moves letters, but no profile with them: leave it out")


def _check_folds(options: Mapping[str, Any]) -> None:
    if options["folds"] > 1 and options["hold_out"]:
        raise SeqcnnError(
            f"`--folds` {options['folds']} holds each part out in turn: leave --hold-out out, or "
            f"say --group-by chromosome"
        )
    if options["folds"] > 1 and options["search"]:
        raise SeqcnnError(
            f"`--search` would choose by sequences that other folds report on: leave --folds "
            f"{options['folds']} out"
        )


def read_sample(
    files: tuple[str, ...], *, strand: str | None, seed: int, options: Mapping[str, Any]
) -> "tuple[Sample, Target, Alphabet]":
    """Read sequences and what is to be learnt of them.

    Parameters
    ----------
    files
        One, or one a class.
    strand, seed, options
        Of the command.
    """
    places, mask, labels = options["places"], options["mask"], options["labels"]
    table = None
    if not (options["control"] or options["classes"] or options["profile"]):
        table = labels or (files[0] if has_labels(files[0]) else None)
    if table is None:
        _refuse_options_of_tables(options)
    first = places.read(files[0], alphabet=options["alphabet"], mask=mask, strand=strand)
    both = first.alphabet.double_stranded if strand is None else strand == "both"
    if both and first.alphabet.complements is None:
        raise SeqcnnError(f"{first.alphabet.name} has one strand only: use --strand one")
    from seqcnn.training.samples import Apart

    apart = Apart(both, options["group_by"], listed("--hold-out", options["hold_out"]))
    if options["profile"]:
        made = _profile_sample(first, apart, options)
    elif options["task"] == PER_BASE:
        made = _sites_sample(first, apart, options)
    elif table is not None:
        made = _labelled(first, table, apart, options)
    else:
        made = _classes(files, first, apart, strand=strand, seed=seed, options=options)
    return *made, first.alphabet


def has_labels(path: str) -> bool:
    """Tell whether a file is a table that holds sequences and labels too."""
    from seqcnn.seq.io.files import open_pieces
    from seqcnn.seq.io.tables import has_labels as is_labelled

    return path != "-" and Path(path).is_file() and is_labelled(next(open_pieces(path), b""))


def read_table(path: str, sequences: "SequenceSet", columns: str | None) -> "LabelTable":
    """Read labels, of all columns or of those that are named."""
    from seqcnn.seq.io.labels import read_labels

    table = read_labels(path, sequences.ids)
    return table if columns is None else table.only(listed("--columns", columns))


def listed(option: str, text: str | None) -> tuple[str, ...]:
    """Take names apart that are separated by commas."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise SeqcnnError(f"`{option}` is {text!r}, it must be like a,b,c: names that differ")
    return names


def _labelled(
    first: "SequenceSet", path: str, apart: "Apart", options: Mapping[str, Any]
) -> "tuple[Sample, Target]":
    from seqcnn.training.samples import CHROMOSOME, labelled_sample

    columns, more = options["columns"], {options["weights"], options["group_by"]}
    if columns is not None:
        named = listed("--columns", columns)
        columns = ",".join([*named, *sorted(more - {None, CHROMOSOME, *named})])
    return labelled_sample(
        first,
        read_table(path, first, columns),
        apart,
        task=options["task"],
        transform=options["transform"],
        weights=options["weights"],
    )


def _profile_sample(
    first: "SequenceSet", apart: "Apart", options: Mapping[str, Any]
) -> "tuple[Sample, Target]":
    from seqcnn.seq.io.signal import read_profiles
    from seqcnn.training.samples import sample_of
    from seqcnn.training.targets import Target, check_labels

    names, counts = profile_names(options["profile"]), options["profile_width"]
    signal = read_profiles(options["profile"], first, width=counts)
    target = Target("profile", names, width=signal.shape[1])
    check_labels(target, signal, first.ids)
    return sample_of(first, signal, apart), target


def _sites_sample(
    first: "SequenceSet", apart: "Apart", options: Mapping[str, Any]
) -> "tuple[Sample, Target]":
    from seqcnn.seq.io.bed import read_bed
    from seqcnn.seq.site_masks import mask_sites
    from seqcnn.training.samples import sample_of
    from seqcnn.training.targets import Target

    masks = mask_sites(first, read_bed(options["labels"]))[..., None]
    return sample_of(first, masks, apart), Target(PER_BASE, profile_names((options["labels"],)))


def profile_names(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Name tracks after their files.

    Raises
    ------
    SeqcnnError
        Two files have one name.
    """
    names = tuple(default_out(path, "").name for path in paths)
    if len(set(names)) < len(names):
        raise SeqcnnError(f"tracks need different names, not {', '.join(names)}: rename files")
    return names


def _classes(
    files: tuple[str, ...],
    first: "SequenceSet",
    apart: "Apart",
    *,
    strand: str | None,
    seed: int,
    options: Mapping[str, Any],
) -> "tuple[Sample, Target]":
    from seqcnn.training.samples import class_sample, shuffled_sample

    places, reading = options["places"], {"mask": options["mask"], "strand": strand}
    if options["classes"]:
        others = [places.read(path, alphabet=first.alphabet, **reading) for path in files[1:]]
        names = [default_out(path, "").name for path in files]
        return class_sample([first, *others], names, apart)
    other = places.read_control(options["control"], files[0], first, seed=seed, **reading)
    if other is None:
        return shuffled_sample(first, apart, kmer=options["kmer"], seed=seed)
    return class_sample([first, other], (), apart)
