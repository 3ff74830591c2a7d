"""Alphabets: letters become small integers once, at the door.

Codes 0 .. size - 1 are the letters, then come the ambiguity codes; `PAD` (255) is no letter at
all. Every code has a row of shares in `Alphabet.shares`: a letter has a single 1, an ambiguity code
equal shares over the letters that it stands for, padding a row of zeros.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError

PAD = 255
"""The code of a position outside of a sequence."""


@dataclass(frozen=True, eq=False)
class Alphabet:
    """An ordered set of letters with the codes that stand for several of them.

    Parameters
    ----------
    name
        What people call it, for instance ``"dna"``.
    letters
        The letters in the order of their codes, upper case.
    ambiguity
        What each further symbol stands for: ``{"R": "AG"}``. An empty string is a symbol that
        matches no letter (a stop codon in a protein).
    complements
        The complement of each of `letters`, in order; None where there are no two strands.
    aliases
        Symbols that are read as another one: ``{"U": "T"}``.
    double_stranded
        Whether both strands are read unless the user says otherwise: DNA, not RNA.
    """

    name: str
    letters: str
    ambiguity: Mapping[str, str] = field(default_factory=dict)
    complements: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    double_stranded: bool = False

    def __post_init__(self) -> None:
        if len(set(self.letters)) != len(self.letters) or len(self.letters) < 2:
            raise SeqcnnError(
                f"`letters` must be two or more different symbols, not {self.letters!r}"
            )
        bad = [c for c in self.symbols if not c.isascii() or not c.isprintable() or c in " >;"]
        if bad:
            raise SeqcnnError(f"`letters` may hold printable ASCII only, not {bad[0]!r}")
        if len(set(self.symbols)) != len(self.symbols):
            raise SeqcnnError(f"a symbol of {self.symbols!r} has two meanings")
        if any(not set(stands) <= set(self.letters) for stands in self.ambiguity.values()):
            raise SeqcnnError(f"`ambiguity` must stand for letters of {self.letters!r}")
        if any(target not in self.symbols for target in self.aliases.values()):
            raise SeqcnnError(f"`aliases` must be spellings of symbols of {self.symbols!r}")
        if self.complements is not None and sorted(self.complements) != sorted(self.letters):
            raise SeqcnnError(
                f"`complements` must be the letters {self.letters!r} in another order, "
                f"not {self.complements!r}"
            )

    def __repr__(self) -> str:
        return f"Alphabet({self.name!r}, {self.letters!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return (self.letters, self.complements, tuple(self.ambiguity.items()))

    @property
    def size(self) -> int:
        """Number of letters, ambiguity codes not counted."""
        return len(self.letters)

    @property
    def symbols(self) -> str:
        """All symbols in the order of their codes: letters, then ambiguity codes."""
        return self.letters + "".join(self.ambiguity)

    @property
    def unknown(self) -> str:
        """The symbol that stands for any letter: ``N`` or ``X``."""
        for symbol, letters in self.ambiguity.items():
            if len(letters) == self.size:
                return symbol
        raise SeqcnnError(f"alphabet {self.name!r} has no symbol for any letter in `ambiguity`")

    @cached_property
    def shares(self) -> np.ndarray:
        """float32 (256, size): the share of each letter in each code; zeros for padding."""
        table = np.zeros((256, self.size), np.float32)
        table[: self.size] = np.eye(self.size)
        for code, letters in enumerate(self.ambiguity.values(), self.size):
            for letter in letters:
                table[code, self.letters.index(letter)] = 1 / len(letters)
        return table

    @cached_property
    def code_of_byte(self) -> bytes:
        """256 bytes for `bytes.translate`: the code of each symbol in either case, else PAD."""
        table = bytearray([PAD]) * 256
        for symbol in [*self.symbols, *self.aliases]:
            code = self.symbols.index(self.aliases.get(symbol, symbol))
            table[ord(symbol)] = code
            if symbol.lower() not in self.symbols:
                table[ord(symbol.lower())] = code
        return bytes(table)

    @cached_property
    def byte_of_code(self) -> bytes:
        """256 bytes for `bytes.translate`: the symbol of each code; ``-`` for padding."""
        return self.symbols.encode().ljust(256, b"-")

    @cached_property
    def complement_of_code(self) -> np.ndarray:
        """uint8 (256,): the code of the complement of each code; padding stays padding."""
        if self.complements is None:
            raise SeqcnnError(f"alphabet {self.name!r} has no complement: use one strand")
        paired = dict(zip(self.letters, self.complements, strict=True))
        by_letters = {frozenset(v): s for s, v in self.ambiguity.items()}
        table = np.full(256, PAD, np.uint8)
        for code, symbol in enumerate(self.symbols):
            if symbol in paired:
                table[code] = self.symbols.index(paired[symbol])
            else:
                partner = frozenset(paired[c] for c in self.ambiguity[symbol])
                table[code] = self.symbols.index(by_letters[partner])
        return table

    def encode(self, text: str | bytes) -> np.ndarray:
        """Turn text into codes.

        Parameters
        ----------
        text
            Symbols of the alphabet, in either case.

        Returns
        -------
        numpy.ndarray
            uint8 (length,).

        Raises
        ------
        SeqcnnError
            A symbol does not belong to the alphabet.

        Examples
        --------
        >>> DNA.encode("acgtN").tolist()
        [0, 1, 2, 3, 14]
        """
        raw = text.encode(errors="surrogatepass") if isinstance(text, str) else bytes(text)
        codes = raw.translate(self.code_of_byte)
        at = codes.find(PAD)
        if at >= 0:
            # symbols are ASCII, so that bytes and characters agree up to the first that is none
            wrong = raw[at : at + 4].decode("utf-8", "replace")[0]
            raise SeqcnnError(
                f"{wrong!r} at position {at + 1} is no symbol of alphabet {self.name!r} "
                f"({self.symbols})"
            )
        return np.frombuffer(codes, np.uint8)

    def decode(self, codes: np.ndarray) -> str:
        """Turn codes back into text; padding becomes ``-``."""
        return np.ascontiguousarray(codes, np.uint8).tobytes().translate(self.byte_of_code).decode()

    def reverse_complement(self, codes: np.ndarray) -> np.ndarray:
        """Read the other strand of codes (..., length), padding included."""
        return self.complement_of_code[codes[..., ::-1]]


_NUCLEOTIDE_AMBIGUITY = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"

DNA = Alphabet(
    "dna",
    "ACGT",
    _NUCLEOTIDE_AMBIGUITY,
    "TGCA",
    {"U": "T", "-": "N", ".": "N"},
    double_stranded=True,
)
RNA = Alphabet(
    "rna",
    "ACGU",
    {symbol: stands.replace("T", "U") for symbol, stands in _NUCLEOTIDE_AMBIGUITY.items()},
    "UGCA",
    {"T": "U", "-": "N", ".": "N"},
)
PROTEIN = Alphabet(
    "protein",
    _AMINO_ACIDS,
    # U and O are rare residues scored as their nearest common one; a stop matches no residue
    {"B": "DN", "Z": "EQ", "J": "IL", "U": "C", "O": "K", "X": _AMINO_ACIDS, "*": ""},
    aliases={"-": "X", ".": "X"},
)
_NAMED = {"dna": DNA, "rna": RNA, "protein": PROTEIN}


def get_alphabet(name: str | Alphabet) -> Alphabet:
    """Find an alphabet by name, or make one from its letters.

    Parameters
    ----------
    name
        ``"dna"``, ``"rna"``, ``"protein"``, or the letters of an alphabet of your own. Such an
        alphabet gets ``N``, ``X``, ``?`` or ``*`` (the first that is free) as its symbol for any
        letter.

    Raises
    ------
    SeqcnnError
        The letters repeat, or there are fewer than two.

    Examples
    --------
    >>> get_alphabet("dna").size
    4
    >>> get_alphabet("HPC").symbols
    'HPCN'
    """
    if isinstance(name, Alphabet):
        return name
    if name.lower() in _NAMED:
        return _NAMED[name.lower()]
    letters = name.upper()
    unknown = next((symbol for symbol in "NX?*" if symbol not in letters), None)
    if unknown is None:
        raise SeqcnnError(f"one of N, X, ? and * must be left for any letter, not {letters!r}")
    aliases = {gap: unknown for gap in "-." if gap not in letters}
    return Alphabet(letters, letters, {unknown: letters}, aliases=aliases)
