"""Engines by name."""

from collections.abc import Sequence

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.engines.base import Engine, Pattern
from seqcnn.motifs.engines.lookup import LookupEngine
from seqcnn.motifs.engines.rust import RustEngine
from seqcnn.motifs.engines.words import WordEngine
from seqcnn.seq.alphabet import Alphabet

ENGINES = ("words", "lightmotif", "convolution", "lookup")
"""The fastest on CPUs; that of lightmotif (DNA and RNA); that for GPUs; the plain one."""


def make_engine(name: str, patterns: Sequence[Pattern], alphabet: Alphabet) -> Engine:
    """Make the engine of a name; all of them find the same sites.

    Parameters
    ----------
    name
        One of `ENGINES`.
    patterns
        What to look for.
    alphabet
        Of the codes.

    Raises
    ------
    SeqcnnError
        There is no such engine, it is not installed, or it does not serve the alphabet.
    """
    if name == "words":
        return WordEngine(patterns, alphabet.size)
    if name == "lookup":
        return LookupEngine(patterns, alphabet)
    if name == "convolution":
        # jax is not paid for by those who do without
        from seqcnn.motifs.engines.convolution import ConvolutionEngine

        return ConvolutionEngine(patterns, alphabet.size)
    if name != "lightmotif":
        raise SeqcnnError(f"`engine` is {name!r}, it must be one of {', '.join(ENGINES)}")
    if alphabet.size != 4:
        raise SeqcnnError(f"engine 'lightmotif' serves DNA and RNA only, not {alphabet.name}")
    try:
        return RustEngine(patterns, alphabet.size)
    except ImportError:
        raise SeqcnnError(
            "engine 'lightmotif' needs an optional package: pip install lightmotif"
        ) from None
