"""Guess the alphabet of sequences from a sample of their letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet

# what almost every nucleotide record consists of
_NUCLEOTIDES = b"ACGTUN"
# N aside, the codes for several nucleotides; all of them but B are common amino acids too
_AMBIGUOUS = b"RYSWKMBDHV"
# no nucleotide code; X is left out, because old repeat maskers wrote it into DNA
_PROTEIN_ONLY = b"EFIJLOPQZ*"
_LETTERS = _NUCLEOTIDES + _AMBIGUOUS + _PROTEIN_ONLY


@dataclass(frozen=True)
class Guess:
    """An alphabet and why it was chosen.

    Parameters
    ----------
    alphabet
        DNA, RNA or PROTEIN.
    reason
        What in the sample speaks for it.
    doubt
        What speaks against it; empty when nothing does.
    odd_record
        Position of the first record that is clearly of the other kind, if there is one.
    """

    alphabet: Alphabet
    reason: str
    doubt: str = ""
    odd_record: int | None = None


def guess_alphabet(records: Sequence[bytes]) -> Guess:
    """Decide between DNA, RNA and protein.

    Parameters
    ----------
    records
        The text of some records, in either case; what is no letter of any alphabet is ignored.

    Examples
    --------
    >>> guess = guess_alphabet([b"ACGUN", b"gguu"])
    >>> guess.alphabet, guess.reason
    (Alphabet('rna', 'ACGU'), 'only A, C, G, U, N in the first 2 records')
    """
    everything = _only(_LETTERS, b"".join(records).upper())
    where = f"in the first {len(records):,} records" if len(records) > 1 else "in the only record"
    telling = _present(_PROTEIN_ONLY, everything)
    if not telling:
        return _guess_without_protein_letters(everything, where)

    sample = [_only(_LETTERS, record.upper()) for record in records]
    nucleic = [looks_nucleic(record) for record in sample]
    peptidic = [_looks_peptidic(record) for record in sample]
    if sum(nucleic) == sum(peptidic) > 0:
        is_protein = peptidic.index(True) < nucleic.index(True)
    elif any(nucleic) or any(peptidic):
        is_protein = sum(peptidic) > sum(nucleic)
    else:
        is_protein = _share(_NUCLEOTIDES, everything) < 0.85
    minority = nucleic if is_protein else peptidic
    odd = minority.index(True) if any(minority) else None
    if is_protein:
        return Guess(PROTEIN, f"{telling} {where}", odd_record=odd)
    return Guess(_dna_or_rna(everything), f"mostly A, C, G, T or U {where}", odd_record=odd)


def _guess_without_protein_letters(everything: bytes, where: str) -> Guess:
    """Decide when every letter is a nucleotide code, as in DNA, RNA and the odd peptide."""
    # B (D or N) hardly occurs in proteins, but is an ordinary code in a nucleotide consensus
    if _share(_AMBIGUOUS, everything) > 0.5 and b"B" not in everything:
        doubt = "every letter is also a nucleotide code"
        return Guess(PROTEIN, f"more letters other than A, C, G, T, U, N {where}", doubt)
    alphabet = _dna_or_rna(everything)
    found = _present(alphabet.symbols.encode() + b"TU", everything)
    return Guess(alphabet, f"only {found or 'symbols that are no letters'} {where}")


def looks_nucleic(record: bytes) -> bool:
    """Tell whether upper-case text is next to impossible as a protein.

    Twelve or more letters, nearly all of them A, C, G, T, U or N and all four bases among them:
    with the amino acids' usual frequencies one random 12-mer in a million is like that.
    """
    four = all(base in record for base in b"ACG") and (b"T" in record or b"U" in record)
    return len(record) >= 12 and four and _share(_NUCLEOTIDES, record) >= 0.95


def _looks_peptidic(record: bytes) -> bool:
    return bool(_only(_PROTEIN_ONLY, record)) and _share(_NUCLEOTIDES, record) < 0.6


def _dna_or_rna(text: bytes) -> Alphabet:
    return RNA if b"U" in text and b"T" not in text else DNA


def _only(symbols: bytes, text: bytes) -> bytes:
    """Keep the bytes of `text` that are among `symbols`."""
    return text.translate(None, _others(symbols))


@cache
def _others(symbols: bytes) -> bytes:
    return bytes(set(range(256)) - set(symbols))


def _share(symbols: bytes, text: bytes) -> float:
    return len(_only(symbols, text)) / max(len(text), 1)


def _present(symbols: bytes, text: bytes) -> str:
    """List those of `symbols` that occur, in their own order."""
    return ", ".join(dict.fromkeys(chr(symbol) for symbol in symbols if symbol in text))
