"""``seqcnn experiment``: experiments in silico with a model."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, default_out, prepare_jax, sequences, warn_of_idle_gpu
from seqcnn.cli.places import Places
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.explain.interactions import Epistasis
    from seqcnn.explain.sites import Word
    from seqcnn.networks.weights import Model
    from seqcnn.report.experiments import Experiment
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.seq.record import SequenceSet

KINDS = ("marginalize", "spacing", "ablate", "epistasis", "swap")
ORIENTATIONS = ("++", "+-", "-+", "--")

EXAMPLES = (
    "Examples:",
    "seqcnn experiment model peaks.fa --marginalize motifs.meme",
    "seqcnn experiment model peaks.fa --spacing TGACTCA CACGTG --distances 0-30",
)

click.rich_click.OPTION_GROUPS["* experiment"] = [
    {"name": "The experiment, one of", "options": [f"--{kind}" for kind in KINDS]},
    {
        "name": "How it is done",
        "options": ["--backgrounds", "--background", "--length", "--start", "--distances",
                    "--orientation", "--strand", "--sampled", "--copies", "--by", "--positions",
                    "--task"],
    },
    {"name": "What is read", "options": ["--alphabet", "--mask"]},
    {"name": "Intervals on a genome", "options": ["--genome", "--window", "--top-peaks"]},
    {"name": "Output", "options": ["--out", "--force", "--quiet", "--json", "--debug"]},
    {"name": "How it is run", "options": ["--seed", "--threads", "--device"]},
]  # fmt: skip


@click.command(name="experiment", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("fasta", metavar="[SEQUENCES]", required=False)
@click.option("--marginalize", metavar="MOTIFS", help="Plant each motif of a file or database, or "
              "words such as TGACTCA,CACGTG: what the score gains.")  # fmt: skip
@click.option("--spacing", nargs=2, metavar="A B", help="Plant A on the left of B at every "
              "distance: what the two do more than each alone. Words, files of one motif, or "
              "FILE:NAME.")  # fmt: skip
@click.option("--ablate", metavar="TSV", help="Replace stretches of SEQUENCES, a table of "
              "sequence, start, end (from 0) and name, or hits.tsv of `seqcnn explain`: what the "
              "score loses.")  # fmt: skip
@click.option("--epistasis", is_flag=True, help="Change every pair of letters of each of "
              "SEQUENCES: how far changes do not add up.")  # fmt: skip
@click.option("--swap", metavar="A-B", help="Move positions A to B, from 1, between SEQUENCES: "
              "how much of the score moves with them.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Output folder; by default "
              "<name of SEQUENCES>_<experiment>, or random_<experiment>.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files of an earlier run.")
@click.option("--backgrounds", type=click.IntRange(1), default=100, show_default=True, metavar="N",
              help="Backgrounds that motifs are planted in.")  # fmt: skip
@click.option("--background", type=click.Choice(["shuffle", "given"]), default="shuffle",
              show_default=True, help="Shuffles of SEQUENCES, or these as they are; without "
              "SEQUENCES random letters.")  # fmt: skip
@click.option("--length", type=click.IntRange(1), metavar="N", help="Letters of random "
              "backgrounds; by default as many as MODEL has seen in training.")  # fmt: skip
@click.option("--start", metavar="N|A-B", help="Position, from 1, of the motif, or of A; by "
              "default the middle. --marginalize A-B plants it at each position from A to B, and "
              "draws a curve.")  # fmt: skip
@click.option("--distances", default="0-30", show_default=True, metavar="A-B|A,B,...",
              help="Letters between A and B.")  # fmt: skip
@click.option(
    "--orientation",
    "orientations",
    multiple=True,
    type=click.Choice(ORIENTATIONS),
    help="Strands of A and of B; may be given several times.  [default: ++]",
)
@click.option("--strand", type=click.Choice(["both", "one"]), default="one", show_default=True,
              help="both: plant the reverse complement of each motif too.")  # fmt: skip
@click.option("--sampled", is_flag=True, help="Plant sites drawn from a motif instead of its most "
              "probable letters.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1), default=10, show_default=True,
              help="Replacements of each stretch.")  # fmt: skip
@click.option("--by", type=click.Choice(["shuffle", "random"]), default="shuffle",
              show_default=True, help="What stretches are replaced by: shuffles of themselves, or "
              "random letters as frequent as in SEQUENCES.")  # fmt: skip
@click.option("--positions", metavar="A-B", help="Letters that --epistasis changes, from 1; all by "
              "default.")  # fmt: skip
@click.option("--task", metavar="NAME", help="Which score counts, of a model of several tasks "
              "or classes.")  # fmt: skip
@partial(sequences, unsaid="by default those of MODEL.")
@common
def command(
    model: str,
    fasta: str | None,
    out: Path | None,
    *,
    force: bool,
    alphabet: str | None,
    mask: str,
    places: Places,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Ask MODEL what stretches of letters do, by changing sequences on purpose.

    SEQUENCES are backgrounds of --marginalize and --spacing, and what the others change. Writes a
    table and a picture, named after the experiment; positions in tables count from 0. Scores are
    calibrated log-odds, or numbers on the scale that MODEL has learnt.
    """
    kind = _kind(options, fasta)
    out = out or (Path(f"random_{kind}") if fasta is None else default_out(fasta, f"_{kind}"))
    check_folder(out, force=force)
    numbers = _numbers(kind, options)
    options["start"] = _starts(kind, options["start"])
    prepare_jax()
    from seqcnn.networks.weights import load_model

    loaded = load_model(model)
    letters = loaded.alphabet
    if letters is None:
        raise SeqcnnError("the model reads images: there is nothing to spell")
    words = _words(kind, options, letters)
    given = None
    if fasta is not None:
        given = places.read(fasta, alphabet=alphabet or letters, mask=mask, strand=None)
    warn_of_idle_gpu()
    from seqcnn.report.experiments import write_experiment

    if kind in ("marginalize", "spacing"):
        found = _planted(kind, loaded, _backgrounds(loaded, letters, given, options), words,
                         numbers, options)  # fmt: skip
    else:
        assert given is not None
        found = _changed(kind, loaded, given, numbers, options)
    with filled_folder(str(out), force=force) as folder:
        write_experiment(found, folder)
    for one in found if isinstance(found, list) else [found]:
        print(one)
    print(f"Files: {out}")


def _kind(options: dict[str, Any], fasta: str | None) -> str:
    """Tell which experiment is asked for."""
    asked = [kind for kind in KINDS if options[kind]]
    if len(asked) != 1:
        raise click.UsageError(f"give one of {', '.join(f'--{kind}' for kind in KINDS)}")
    if fasta is None and asked[0] not in ("marginalize", "spacing"):
        raise click.UsageError(f"--{asked[0]} changes SEQUENCES: give a file of them")
    return asked[0]


def _numbers(kind: str, options: dict[str, Any]) -> list[int]:
    """Read distances, positions from 0, or the first position from 0 and one past the last."""
    if kind == "spacing":
        text = options["distances"]
        if "-" not in text:
            return [_whole("distances", text, part) for part in text.split(",")]
        first, last = (_whole("distances", text, part) for part in text.split("-", 1))
        if first > last:
            raise SeqcnnError(f"`--distances` is {text!r}, the smaller one comes first")
        return list(range(first, last + 1))
    name = {"epistasis": "positions", "swap": "swap"}.get(kind, "")
    text = options.get(name)
    if not text:
        return []
    first, _, last = text.partition("-")
    first, last = _whole(name, text, first), _whole(name, text, last)
    if not 1 <= first <= last:
        raise SeqcnnError(f"`--{name}` is {text!r}, it must be like 10-20, from 1")
    return [first - 1, last] if kind == "swap" else list(range(first - 1, last))


def _starts(kind: str, text: str | None) -> int | list[int] | None:
    """Read where motifs are planted, from 0."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    first = _whole("start", text, first)
    last = _whole("start", text, last) if dash else first
    if not 1 <= first <= last:
        raise SeqcnnError(f"`--start` is {text!r}, it must be like 20 or 1-90, from 1")
    if dash and kind != "marginalize":
        raise SeqcnnError(f"`--start` is {text!r}: only --marginalize plants at several positions")
    return list(range(first - 1, last)) if dash else first - 1


def _whole(name: str, text: str, part: str) -> int:
    if not part.strip().isdecimal():
        raise SeqcnnError(f"`--{name}` is {text!r}, it must be like 10-20")
    return int(part)


def _words(kind: str, options: dict[str, Any], alphabet: "Alphabet") -> "list[Word]":
    """Read what is planted."""
    if kind == "spacing":
        return [_one_word(text, alphabet) for text in options["spacing"]]
    return _several(options["marginalize"], alphabet) if kind == "marginalize" else []


def _several(text: str, alphabet: "Alphabet") -> "list[Word]":
    """Read motifs of a file or database, or words."""
    from seqcnn.motifs.data import load_motifs

    if Path(text).exists() or text.partition(":")[0] == "jaspar":
        return list(load_motifs(text, alphabet=alphabet))
    path, colon, name = text.rpartition(":")
    if colon and Path(path).exists():
        found = [m for m in load_motifs(path, alphabet=alphabet) if m.name == name]
        if not found:
            raise SeqcnnError(f"{text!r} is no such motif: {path} has none of this name")
        return list(found)
    words = [part.strip() for part in text.split(",")]
    strange = next((w for w in words if not w or not set(w.upper()) <= set(alphabet.letters)), None)
    if strange is not None:
        raise SeqcnnError(
            f"{text!r} is neither a motif file nor words over {alphabet.letters}: {strange!r} is "
            f"none"
        )
    return list(words)


def _one_word(text: str, alphabet: "Alphabet") -> "Word":
    found = _several(text, alphabet)
    if len(found) != 1:
        raise SeqcnnError(f"{text!r} is {len(found):,} motifs, one is needed: name it, FILE:NAME")
    return found[0]


def _backgrounds(
    loaded: "Model", alphabet: "Alphabet", given: "SequenceSet | None", options: dict[str, Any]
) -> "SequenceSet":
    """Make or choose backgrounds."""
    import numpy as np

    from seqcnn.seq.background import MarkovBackground
    from seqcnn.seq.shuffle import shuffled_control

    number, seed = options["backgrounds"], options["seed"]
    if given is None:
        length = options["length"] or loaded.extra.get("length")
        if length is None:
            raise SeqcnnError("the model does not say how long its sequences were: say --length")
        even = MarkovBackground(alphabet, np.full((1, alphabet.size), 1 / alphabet.size))
        return even.sample(number, length, seed)
    if len(given) > number:
        rows = np.random.default_rng([seed, 6]).choice(len(given), number, replace=False)
        given = given.select(np.sort(rows))
    if options["background"] == "given":
        return given
    copies = -(-number // max(1, len(given)))
    shuffled, _ = shuffled_control(given, copies=copies, seed=seed)
    return shuffled.select(np.arange(min(number, len(shuffled))))


def _planted(
    kind: str,
    loaded: "Model",
    backgrounds: "SequenceSet",
    words: "list[Word]",
    distances: list[int],
    options: dict[str, Any],
) -> "Experiment":
    """Plant motifs in backgrounds."""
    from seqcnn.explain.experiments import marginalize
    from seqcnn.explain.interactions import spacing

    how: dict[str, Any] = {
        "letters": "sampled" if options["sampled"] else "best",
        "start": options["start"],
        "task": options["task"],
        "seed": options["seed"],
    }
    if kind == "spacing":
        orientations = options["orientations"] or ("++",)
        return spacing(loaded, words[0], words[1], backgrounds, distances, orientations, **how)
    strands = "both" if options["strand"] == "both" else "given"
    return marginalize(loaded, words, backgrounds, strands=strands, **how)


def _changed(
    kind: str, loaded: "Model", given: "SequenceSet", numbers: list[int], options: dict[str, Any]
) -> "Experiment | list[Epistasis]":
    """Change sequences that are given."""
    from seqcnn.explain.experiments import ablation, context_swap
    from seqcnn.explain.interactions import epistasis
    from seqcnn.explain.spans import read_spans

    task = options["task"]
    if kind == "ablate":
        spans, names = read_spans(options["ablate"], given)
        how = {key: options[key] for key in ("by", "copies", "seed")}
        return ablation(loaded, given, spans, names=names, task=task, **how)
    if kind == "swap":
        return context_swap(loaded, given, (numbers[0], numbers[1]), task=task)
    where = numbers or None
    return [epistasis(loaded, given.select([i]), where, task=task) for i in range(len(given))]
