"""MEME motif format, the minimal text and the full text output of the MEME suite.

Source: the format pages of the MEME suite (https://meme-suite.org/meme/doc/meme-format.html and
alphabet-format.html). Only letter-probability matrices are read; everything else is passed over.
"""

import math
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.io.alphabets import find_alphabet, read_definition, write_definition
from seqcnn.motifs.io.words import one_line, one_word
from seqcnn.motifs.matrix import ProbabilityMatrix, as_background
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, Alphabet
from seqcnn.stats.logspace import format_log10, parse_log10

SMALLEST_BACKGROUND = 1e-4
"""MEME prints three decimals, so that a rare letter can read 0.000 without being impossible."""

URL = "URL"
"""Annotation with the address that a motif comes with."""

_KEY_VALUE = re.compile(r"(\w+)\s*=\s*(\S+)")
_E_VALUE = re.compile(r"\+?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_NUMBERS = re.compile(r"\s*[-+.\d]|\s*(nan|inf)\b", re.IGNORECASE)


def recognise(text: str) -> bool:
    """Tell whether text looks like a MEME file, perhaps one without its version line."""
    return re.search(r"^(MEME version|ALPHABET|MOTIF\s)", text, re.MULTILINE) is not None


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all motifs of a MEME file.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages.

    Returns
    -------
    list of Motif
        In the order of the file. `source` is the name of the file; an E-value of 0 counts as
        unknown; a URL becomes an annotation.

    Raises
    ------
    SeqcnnError
        There is no version line or no motif, or a matrix is damaged; with file and line.

    Warns
    -----
    SeqcnnWarning
        Names repeat; all motifs are kept.
    """
    lines = text.split("\n")
    if not any(line.startswith("MEME version") for line in lines):
        raise SeqcnnError(
            "there is no line `MEME version ...`, so this is no MEME motif file", path=path, line=1
        )
    motifs = _Reader(lines, path).read()
    if not motifs:
        raise SeqcnnError("there are no motifs in this MEME file", path=path)
    repeated = [name for name, count in Counter(m.name for m in motifs).items() if count > 1]
    if repeated:
        where = "" if path is None else f"{path}: "
        warnings.warn(
            f"{where}the motif name {repeated[0]!r} occurs more than once; all motifs are kept",
            SeqcnnWarning,
            stacklevel=3,
        )
    return motifs


class _Reader:
    """One pass over the lines; what stands above a motif holds for it."""

    def __init__(self, lines: Sequence[str], path: str | Path | None) -> None:
        self.lines, self.path, self.at = lines, path, 0
        self.alphabet: Alphabet = DNA
        self.columns = DNA.letters
        self.background: np.ndarray | None = None
        self.name: tuple[str, str] | None = None
        self.name_line = 0
        self.url = ""
        self.motifs: list[Motif] = []

    def read(self) -> list[Motif]:
        sections = {
            "ALPHABET": self.read_alphabet,
            "Background letter frequencies": self.read_background,
            "MOTIF": self.read_name,
            "letter-probability matrix": self.read_matrix,
            "URL": self.read_url,
        }
        while self.at < len(self.lines):
            line = self.lines[self.at]
            section = next((s for s in sections if line.lstrip().startswith(s)), None)
            self.at += 1
            if section is not None:
                start = self.at
                try:
                    sections[section](line.strip())
                except SeqcnnError as error:
                    raise SeqcnnError(
                        error.message, path=self.path, line=error.line or start
                    ) from None
        if self.name is not None:
            self.refuse_name(path=self.path)
        return self.motifs

    def refuse_name(self, path: str | Path | None = None) -> NoReturn:
        name = "" if self.name is None else self.name[0]
        raise SeqcnnError(
            f"motif {name!r} has no letter-probability matrix", path=path, line=self.name_line
        )

    def read_alphabet(self, line: str) -> None:
        named = line.removeprefix("ALPHABET").strip()
        if named.startswith("=") or named in ("DNA", "RNA", "PROTEIN"):
            named = named.strip("= \t")
            self.alphabet, self.columns = find_alphabet(named)
        else:
            end = next(
                (i for i in range(self.at, len(self.lines)) if "END ALPHABET" in self.lines[i]),
                None,
            )
            if end is None:
                raise SeqcnnError("the alphabet definition lacks its line `END ALPHABET`")
            self.alphabet, self.columns = read_definition(line, self.lines[self.at : end])
            self.at = end + 1

    def read_background(self, line: str) -> None:
        words: list[str] = []
        while len(words) < 2 * len(self.columns) and self.at < len(self.lines):
            found = self.lines[self.at].split()
            if not found:
                break
            words += found
            self.at += 1
        shares = dict(zip(words[::2], (_number(word) for word in words[1::2]), strict=False))
        if set(shares) != set(self.columns):
            raise SeqcnnError(
                f"the background needs one frequency for each of the letters {self.columns}"
            )
        values = np.array([shares[letter] for letter in self.alphabet.letters])
        self.background = as_background(
            np.where(values == 0, SMALLEST_BACKGROUND, values), self.alphabet
        )

    def read_name(self, line: str) -> None:
        if self.name is not None:
            self.refuse_name()
        # the full output goes on with `width = 15  sites = 20  llr = ...`
        words = re.split(r"\s+width\s*=", line)[0].split(maxsplit=2)[1:]
        if not words:
            raise SeqcnnError("a MOTIF line needs a name")
        self.name = (words[0], words[1] if len(words) > 1 else "")
        self.name_line = self.at

    def read_matrix(self, line: str) -> None:
        if self.name is None:
            raise SeqcnnError("a letter-probability matrix without a MOTIF line above it")
        known = {key.lower(): value for key, value in _KEY_VALUE.findall(line)}
        self.check_size("alength", known, len(self.columns), f"the alphabet is {self.columns}")
        rows, first = self.read_rows()
        self.check_size("w", known, len(rows), f"motif {self.name[0]!r} has {len(rows)} rows")
        self.motifs.append(
            Motif(
                self.name[0],
                self.make_matrix(rows, first),
                self.name[1],
                sites=_number(known.get("nsites", "0")),
                log10_e_value=_read_e_value(known.get("e")),
                source="" if self.path is None else Path(self.path).name,
            )
        )
        self.name = None
        self.add_url()

    def read_url(self, line: str) -> None:
        # it stands before or behind the matrix, below the line MOTIF that it belongs to
        self.url = line.removeprefix("URL").strip()
        if self.name is None:
            self.add_url()

    def add_url(self) -> None:
        if self.url and self.motifs:
            self.motifs[-1] = replace(self.motifs[-1], annotations=((URL, self.url),))
        self.url = ""

    @staticmethod
    def check_size(key: str, known: dict[str, str], size: int, fact: str) -> None:
        if key in known and _number(known[key]) != size:
            raise SeqcnnError(f"{key}= {known[key]}, but {fact}")

    def read_rows(self) -> tuple[list[list[float]], int]:
        """Read rows of numbers, and the line that the first stands on."""
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        rows, first = [], self.at + 1
        while self.at < len(self.lines) and self.is_row(self.lines[self.at]):
            self.at += 1
            try:
                rows.append(self.read_row(self.lines[self.at - 1]))
            except SeqcnnError as error:
                raise SeqcnnError(error.message, line=self.at) from None
        return rows, first

    def make_matrix(self, rows: list[list[float]], first: int) -> ProbabilityMatrix:
        order = [self.columns.index(letter) for letter in self.alphabet.letters]
        values = np.array(rows).reshape(-1, len(order))[:, order]
        try:
            return ProbabilityMatrix(values, self.alphabet, self.background)  # type: ignore[arg-type]
        except SeqcnnError:
            # row by row once more, to tell which line is at fault
            for n in range(1, len(rows) + 1):
                try:
                    ProbabilityMatrix(values[:n], self.alphabet)
                except SeqcnnError as error:
                    raise SeqcnnError(error.message, line=first + n - 1) from None
            raise

    @staticmethod
    def is_row(line: str) -> bool:
        # the full output rules a matrix off with a line of dashes
        return _NUMBERS.match(line) is not None and not line.startswith("--")

    def read_row(self, line: str) -> list[float]:
        row = [_number(word) for word in line.split()]
        if len(row) != len(self.columns):
            raise SeqcnnError(
                f"a row has {len(row)} numbers, but the alphabet {self.columns} has "
                f"{len(self.columns)} letters"
            )
        return row


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise SeqcnnError(f"{word!r} is not a number") from None


def _read_e_value(word: str | None) -> float | None:
    # databases write `E= 0` where they have none
    if word is None or word.lower().lstrip("+-") in ("nan", "inf"):
        return None
    match = _E_VALUE.fullmatch(word)
    if match is None:
        raise SeqcnnError(f"E= {word}, but an E-value is a number of 0 or more")
    return None if float(match.group(1)) == 0 else parse_log10(word)


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs in minimal MEME format.

    Parameters
    ----------
    motifs
        All over one alphabet; may be empty.
    alphabet
        Needed only where there is no motif to take it from; DNA by default.
    background
        (letters,); by default the mean over the motifs, for the format holds only one.

    Returns
    -------
    str
        The content of the file. White space in a name becomes ``_``, for names are single words.

    Raises
    ------
    SeqcnnError
        The motifs have different alphabets.
    """
    used = alphabet or (motifs[0].alphabet if motifs else DNA)
    if any(motif.alphabet != used for motif in motifs):
        raise SeqcnnError("a MEME file holds one alphabet; write one file for each")
    if background is None and motifs:
        background = np.mean([motif.matrix.background for motif in motifs], axis=0)
    shares = as_background(background, used)
    definition, columns = write_definition(used)
    order = [used.letters.index(letter) for letter in columns]
    frequencies = " ".join(f"{used.letters[i]} {shares[i]:.6f}" for i in order)
    strands = "strands: + -\n\n" if used.double_stranded else ""
    head = (
        f"MEME version 5\n\n{definition}\n\n{strands}Background letter frequencies\n{frequencies}\n"
    )
    return head + "".join(_write_motif(motif, order) for motif in motifs)


def _write_motif(motif: Motif, order: Sequence[int]) -> str:
    names = [one_word(motif.name), one_line(motif.alternative_name)]
    facts = f"alength= {len(order)} w= {motif.width}"
    if motif.sites:
        facts += f" nsites= {round(motif.sites)}"
    if motif.log10_e_value is not None and math.isfinite(motif.log10_e_value):
        facts += f" E= {format_log10(motif.log10_e_value)}"
    rows = "".join(
        " ".join(f"{value:.6f}" for value in row) + "\n" for row in motif.matrix.values[:, order]
    )
    title = " ".join(filter(None, names))
    url = motif.annotation(URL)
    address = f"URL {one_line(url)}\n" if url else ""
    return f"\nMOTIF {title}\nletter-probability matrix: {facts}\n{rows}{address}"
