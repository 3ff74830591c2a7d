"""``seqcnn design``: sequences that a model scores as is wanted."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, default_out, prepare_jax, sequences, warn_of_idle_gpu
from seqcnn.cli.places import Places
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.explain.constraints import Constraints
    from seqcnn.explain.design import Designed
    from seqcnn.networks.weights import Model
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.seq.record import SequenceSet

logger = logging.getLogger(__name__)

EXAMPLES = (
    "Examples:",
    "seqcnn design model --random 100 --edits 10 --forbid GAATTC",
    "seqcnn design model start.fa --edits 5 -o designed",
)


@click.command(name="design", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("start", metavar="[SEQUENCES]", required=False)
@click.option("--random", "number", type=click.IntRange(1), metavar="N",
              help="Begin with N random sequences instead of SEQUENCES.")  # fmt: skip
@click.option("--length", type=click.IntRange(5), metavar="N", help="Letters of random sequences; "
              "by default as many as MODEL has seen in training.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Output folder; by default "
              "<name of SEQUENCES>_design, or random_design.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files of an earlier run.")
@click.option("--goal", default="max", show_default=True, metavar="max|min|SCORE",
              help="Raise scores, lower them, or come close to one: calibrated log-odds, or a "
              "number on the scale that MODEL has learnt.")  # fmt: skip
@click.option("--task", metavar="NAME", help="Which score counts, of a model of several tasks "
              "or classes.")  # fmt: skip
@click.option("--method", type=click.Choice(["greedy", "beam", "gradient"]), default="beam",
              show_default=True, help="Take the best change each time, keep the best few "
              "sequences, or do so with letters that gradients propose.")  # fmt: skip
@click.option("--beam", type=click.IntRange(1), default=8, show_default=True,
              help="Sequences that are kept of each.")  # fmt: skip
@click.option("--edits", type=click.IntRange(0), metavar="N", help="Letters that may change.")
@click.option("--fixed", metavar="A-B,C-D", help="Stretches that stay: first and last position, "
              "from 1.")  # fmt: skip
@click.option("--forbid", metavar="WORD,WORD", help="Words that may not occur, of DNA on neither "
              "strand; letters may be ambiguous, such as GGNCC.")  # fmt: skip
@click.option("--gc", metavar="LOW-HIGH", help="Smallest and largest share of G and C, such as "
              ".4-.6.")  # fmt: skip
@partial(sequences, unsaid="by default those of MODEL.")
@common
def command(
    model: str,
    start: str | None,
    number: int | None,
    length: int | None,
    out: Path | None,
    *,
    force: bool,
    goal: str,
    seed: int,
    alphabet: str | None,
    mask: str,
    places: Places,
    quiet: bool,
    debug: bool,
    task: str | None,
    method: str,
    beam: int,
    **bounds: str | None,
) -> None:
    """Change SEQUENCES, or random ones, letter by letter until MODEL scores them as is wanted.

    Constraints are never broken; what SEQUENCES break at the start is mended first. Writes
    designed.fa, designed.tsv (scores before and after, number of edits) and edits.tsv.
    """
    if (start is None) == (number is None):
        raise click.UsageError("give either SEQUENCES or --random N to begin with")
    out = out or (Path("random_design") if start is None else default_out(start, "_design"))
    wanted = _goal(goal)
    check_folder(out, force=force)
    prepare_jax()
    from seqcnn.networks.weights import load_model

    loaded = load_model(model)
    letters = loaded.alphabet
    if letters is None:
        raise SeqcnnError("the model reads images: there is nothing to spell")
    rules = constraints_of(letters, bounds)
    given = (
        _random(loaded, letters, number or 1, length, rules, seed)
        if start is None
        else places.read(start, alphabet=alphabet or letters, mask=mask, strand=None)
    )
    _check_fixed(rules, given)
    warn_of_idle_gpu()
    from seqcnn.explain.design import design
    from seqcnn.report.design import write_design

    made = design(
        loaded, given, rules, goal=wanted, method=method, beam=beam, task=task, seed=seed
    )  # fmt: skip
    failed = int((~made.kept).sum())
    if failed == len(given):
        raise SeqcnnError(
            "no sequence keeps to all constraints: allow more --edits, or ask for less"
        )
    with filled_folder(str(out), force=force) as folder:
        write_design(made, folder)
    if failed:
        logger.warning("%d sequences cannot keep to all constraints and are left out", failed)
    print(_summary(made, out))


def _summary(made: "Designed", out: Path) -> str:
    before, after = made.before[made.kept].mean(), made.after[made.kept].mean()
    return (
        f"{int(made.kept.sum()):,} sequences are designed; mean score {before:.3g} before, "
        f"{after:.3g} after.\nFiles: {out}"
    )


def _goal(text: str) -> Any:
    if text in ("max", "min"):
        return text
    try:
        return float(text)
    except ValueError as error:
        raise click.UsageError(f"--goal is {text!r}, it must be max, min or a number") from error


def constraints_of(alphabet: "Alphabet", bounds: dict[str, Any]) -> "Constraints":
    """Read the constraints that were given as texts."""
    from seqcnn.explain.constraints import Constraints

    fixed = []
    for text in _parts(bounds["fixed"]):
        first, last = _pair("--fixed", text, int, "10-20, from 1")
        if not 1 <= first <= last:
            raise SeqcnnError(f"`--fixed` is {text!r}, it must be like 10-20, from 1")
        fixed.append((first - 1, last))
    gc = None
    if bounds["gc"] is not None:
        gc = _pair("--gc", bounds["gc"], float, ".4-.6")
        if not 0 <= gc[0] <= gc[1] <= 1:
            raise SeqcnnError(
                f"`--gc` is {bounds['gc']!r}: two shares from 0 to 1, the smaller one first, such "
                f"as .4-.6"
            )
    return Constraints(alphabet, bounds["edits"], tuple(fixed), tuple(_parts(bounds["forbid"])), gc)


def _check_fixed(rules: "Constraints", given: "SequenceSet") -> None:
    """Refuse a stretch that lies in no sequence to its end: it is a slip."""
    longest = int(given.lengths.max(initial=0))
    for first, last in rules.fixed:
        if last > longest:
            raise SeqcnnError(
                f"`--fixed` has {first + 1}-{last}, but the longest sequence has {longest:,} "
                f"letters"
            )


def _parts(text: str | None) -> list[str]:
    return [] if text is None else [part.strip() for part in text.split(",")]


def _pair(option: str, text: str, kind: Any, like: str) -> tuple[Any, Any]:
    first, _, last = text.partition("-")
    try:
        return kind(first), kind(last)
    except ValueError as error:
        raise SeqcnnError(f"`{option}` is {text!r}, it must be like {like}") from error


def _random(
    loaded: "Model",
    alphabet: "Alphabet",
    number: int,
    length: int | None,
    rules: "Constraints",
    seed: int,
) -> "SequenceSet":
    import numpy as np

    from seqcnn.seq.record import SequenceSet

    length = length or loaded.extra.get("length")
    if length is None:
        raise SeqcnnError("the model does not say how long its sequences were: say --length")
    shares = np.full(alphabet.size, 1 / alphabet.size)
    if rules.gc is not None:
        strong = np.array([letter in "GC" for letter in alphabet.letters])
        middle = sum(rules.gc) / 2
        shares = np.where(strong, middle / strong.sum(), (1 - middle) / (~strong).sum())
    rng = np.random.default_rng([seed, 5])
    codes = rng.choice(alphabet.size, (number, length), p=shares).astype(np.uint8)
    ids = [f"random_{i + 1}" for i in range(number)]
    return SequenceSet.from_arrays(list(codes), alphabet=alphabet, ids=ids)
