"""Alphabets as motif files spell them: a string of letters, or a MEME alphabet definition."""

import re
from collections.abc import Sequence

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet, get_alphabet

_STANDARD = (DNA, RNA, PROTEIN)
_COMMENT = re.compile(r"#.*")
_QUOTED = re.compile(r'"[^"]*"')


def find_alphabet(named: str) -> tuple[Alphabet, str]:
    """Find an alphabet by its name or by its letters, in whatever order a file has them.

    Parameters
    ----------
    named
        ``DNA``, ``RNA``, ``PROTEIN``, or the letters.

    Returns
    -------
    Alphabet
        The standard one if it has the same letters, else a new one.
    str
        The letters in the order of the file's columns.
    """
    for alphabet in _STANDARD:
        if named.upper() == alphabet.name.upper():
            return alphabet, alphabet.letters
        if sorted(named) == sorted(alphabet.letters):
            return alphabet, named
    alphabet = get_alphabet(named)
    return alphabet, alphabet.letters


def read_definition(head: str, lines: Sequence[str]) -> tuple[Alphabet, str]:
    """Read a MEME alphabet definition.

    Parameters
    ----------
    head
        The line ``ALPHABET "name" DNA-LIKE``; name and likeness are optional.
    lines
        What stands between it and ``END ALPHABET``.

    Returns
    -------
    Alphabet
        Letters in the order of the definition, or of the columns if they have complements.
    str
        The letters in the order of the file's columns, which is MEME's own.
    """
    letters, ambiguity, complement = "", {}, {}
    for line in lines:
        # names may hold any sign, so they go first
        plain = _COMMENT.sub("", _QUOTED.sub("", line))
        if "=" in plain:
            symbol, _, stands = (part.strip() for part in plain.partition("="))
            ambiguity[symbol] = stands
            continue
        pair = [side.split()[0] for side in plain.split("~") if side.split()]
        letters += "".join(pair)
        complement |= dict(zip(pair, reversed(pair), strict=True)) if len(pair) == 2 else {}
    if any(len(symbol) != 1 for symbol in [*ambiguity, *complement]):
        raise SeqcnnError("a symbol of an alphabet definition must be a single character")
    # a symbol for one letter is another spelling of it
    aliases = {symbol: stands for symbol, stands in ambiguity.items() if len(stands) == 1}
    ambiguity = {symbol: stands for symbol, stands in ambiguity.items() if len(stands) != 1}
    if not any(set(stands) == set(letters) for stands in ambiguity.values()):
        taken = letters + "".join([*ambiguity, *aliases])
        unknown = next((symbol for symbol in "NX?*" if symbol not in taken), None)
        if unknown is None:
            raise SeqcnnError("an alphabet definition needs a symbol that stands for any letter")
        ambiguity[unknown] = letters
    paired = len(complement) == len(letters)
    # pairs tear the order of letters apart, so that of the columns is taken
    letters = _sorted(letters) if paired else letters
    complements = "".join(complement[c] for c in letters) if paired else None
    standard = find_alphabet(letters)[0]
    # the letters of DNA without complements are still DNA; with others they are something new
    if standard in _STANDARD and (not paired or complement == _pairs(standard)):
        return standard, _sorted(letters)
    quoted = _QUOTED.search(head)
    name = quoted.group().strip('"') if quoted else letters
    return Alphabet(name, letters, ambiguity, complements, aliases, paired), _sorted(letters)


def _pairs(alphabet: Alphabet) -> dict[str, str]:
    return dict(zip(alphabet.letters, alphabet.complements or "", strict=False))


def write_definition(alphabet: Alphabet) -> tuple[str, str]:
    """Spell an alphabet for a MEME file.

    Returns
    -------
    str
        One line for a standard alphabet, else a definition.
    str
        The letters in the order in which the columns must be written.
    """
    if alphabet in _STANDARD:
        return f"ALPHABET= {alphabet.letters}", alphabet.letters
    lines = [f'ALPHABET "{alphabet.name}"']
    done = ""
    for i, letter in enumerate(alphabet.letters):
        partner = alphabet.complements[i] if alphabet.complements else None
        if letter not in done:
            lines.append(letter if partner is None else f"{letter} ~ {partner}")
            done += letter + (partner or "")
    lines += [f"{symbol} = {stands}" for symbol, stands in alphabet.ambiguity.items()]
    lines += [f"{s} = {letter}" for s, letter in alphabet.aliases.items() if letter in done]
    return "\n".join([*lines, "END ALPHABET"]), _sorted(alphabet.letters)


def _sorted(letters: str) -> str:
    """MEME's order of columns: upper case, lower case, digits, then signs."""
    kind = [str.isupper, str.islower, str.isdigit]
    return "".join(
        sorted(letters, key=lambda c: (next((i for i, is_a in enumerate(kind) if is_a(c)), 3), c))
    )
