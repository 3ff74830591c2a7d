"""VCF: read line by line, so that files of any size need little memory, and written with scores.

The Variant Call Format Specification, version 4.4. Plain or compressed (gzip, bgzip and the others
that `open_pieces` knows).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.files import open_pieces
from seqcnn.seq.variants import Problem, Variant

FIELDS = 8
"""Columns of every line: place, name, alleles, quality, filter and INFO; genotypes may follow."""

PLACED = 5
"""Columns that say what a variant is; a line without those behind them is taken as well."""


UNREAD = "surrogateescape"
"""How bytes that are not UTF-8 are kept, so that they are written as they were."""


@dataclass(frozen=True)
class VcfLine:
    """A line of a file.

    Parameters
    ----------
    number
        From 1.
    text
        Without the line feed.
    variants
        One for each alternative allele; none on lines of the header, or that cannot be read.
    problem
        Why it cannot be read; None if it can.
    """

    number: int
    text: str
    variants: tuple[Variant, ...] = ()
    problem: Problem | None = None

    @property
    def is_header(self) -> bool:
        """Whether it belongs to the header."""
        return self.text.startswith("#")


def read_vcf(path: str | Path) -> Iterator[VcfLine]:
    """Read a file line by line; a line that cannot be read does not end it.

    Parameters
    ----------
    path
        A file, or ``-`` for standard input.

    Yields
    ------
    VcfLine
        All that are not empty, those of the header too.

    Raises
    ------
    SeqcnnError
        The file cannot be read, is empty, or is no VCF: its first line is neither a header nor has
        five columns.
    """
    number = 0
    for number, line in enumerate(_lines(path), 1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if number == 1 and not text.startswith("#") and text.count("\t") < PLACED - 1:
            raise SeqcnnError(
                "is no VCF: its first line is neither a header nor has five columns with tabs "
                "between them",
                path=path,
                line=1,
            )
        if text.strip():
            yield _parsed(number, text)
    if not number:
        raise SeqcnnError("the file is empty", path=path)


def _lines(path: str | Path) -> Iterator[str]:
    rest = b""
    for piece in open_pieces(path):
        *whole, rest = (rest + bytes(piece)).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", UNREAD)
    if rest:
        yield rest.rstrip(b"\r").decode("utf-8", UNREAD)


def _parsed(number: int, text: str) -> VcfLine:
    if text.startswith("#"):
        return VcfLine(number, text)
    cells = text.split("\t")
    if len(cells) < PLACED:
        message = f"the line has {len(cells)} columns between tabs, a variant has {FIELDS}"
        return VcfLine(number, text, problem=Problem(number, message))
    chromosome, position, name, ref, alts = cells[:PLACED]
    # POS 0 is the telomere: no letter lies there
    if not (position.isascii() and position.isdigit() and int(position) > 0):
        message = f"the position is {position!r}: it must be a whole number from 1 on"
        return VcfLine(number, text, problem=Problem(number, message))
    if alts in (".", ""):
        return VcfLine(number, text, problem=Problem(number, "there is no alternative allele"))
    start = int(position) - 1
    variants = tuple(
        Variant(chromosome, start, ref.upper(), alt.upper(), name, number, i)
        for i, alt in enumerate(alts.split(","))
    )
    return VcfLine(number, text, variants)


def with_info(text: str, facts: Mapping[str, Sequence[str]]) -> str:
    r"""Add facts to the INFO column of a line, in the place of those of the same keys.

    Parameters
    ----------
    text
        The line.
    facts
        By key, one text for each alternative allele.

    Examples
    --------
    >>> with_info("1\t5\t.\tA\tG,T\t.\t.\tDP=3\tGT", {"X": ["1", "."]}).split("\t")[7:]
    ['DP=3;X=1,.', 'GT']
    """
    cells = text.split("\t")
    cells += ["."] * (FIELDS - len(cells))
    given = cells[FIELDS - 1].split(";")
    own = [fact for fact in given if fact not in (".", "") and fact.partition("=")[0] not in facts]
    cells[FIELDS - 1] = ";".join([*own, *(f"{key}={','.join(v)}" for key, v in facts.items())])
    return "\t".join(cells)


def info_line(key: str, description: str, kind: str = "Float") -> str:
    """Declare in the header what the INFO column holds for each alternative allele."""
    text = description.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={key},Number=A,Type={kind},Description="{text}">'
