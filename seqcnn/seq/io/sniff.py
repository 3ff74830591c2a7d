"""Say what a file is that should have been FASTA or FASTQ."""

import re
from pathlib import Path

from seqcnn.errors import SeqcnnError

_FASTA_NAME = re.compile(r"\.(fa|fasta|fna|ffn|faa|frn)(\.(gz|bgz|bz2|xz|zst))?$", re.IGNORECASE)

# how other kinds of files begin, and what to tell the user who has one
_OTHER_KINDS = (
    (rb"<(!doctype )?html|<head|<body", "looks like HTML: did the download fail?"),
    (rb"<\?xml", "looks like XML, not FASTA"),
    (rb"version https://git-lfs", "is a git-lfs pointer, not the file itself: run git lfs pull"),
    (rb"locus\s", "looks like GenBank: convert it to FASTA"),
    (rb"id   ", "looks like EMBL or Swiss-Prot: convert it to FASTA"),
    (rb"clustal", "looks like a Clustal alignment: convert it to FASTA"),
    (rb"@(hd|sq|rg|pg|co)\t", "looks like SAM: convert it with samtools fasta"),
    (rb"##fileformat=vcf", "looks like VCF: sequences are needed here"),
    (rb"meme version", "is a file of motifs (MEME), not of sequences"),
    (rb"pk\x03\x04", "is a zip archive: unpack it first"),
    (rb"(bam|cram)", "is a file of alignments: convert it with samtools fasta"),
    (
        rb"track |browser |chr\w+\t\d+\t\d+",
        "looks like BED: say which genome it belongs to (--genome)",
    ),
    (rb"[acgtun]{4,}\s*$", "has letters but no header: put a line such as '>name' before each"),
)


def refuse_other_formats(data: bytes | bytearray, path: str | Path) -> None:
    """Raise unless text begins like FASTA or FASTQ and holds no byte that text never holds.

    Raises
    ------
    SeqcnnError
        The file is empty, UTF-16, binary, or of a kind that is named in the message.
    """
    if _looks_utf16(data):
        raise SeqcnnError("UTF-16 is not supported: save as UTF-8", path=path)
    first = re.search(rb"\S", data)
    if first is None:
        raise SeqcnnError("no sequences: the file is empty", path=path)
    start = bytes(data[first.start() : first.start() + 512])
    for pattern, message in _OTHER_KINDS:
        if re.match(pattern, start, re.IGNORECASE | re.MULTILINE):
            raise SeqcnnError(message, path=path)
    nul = data.find(b"\0")
    if start[:1] not in (b">", b"@", b";"):
        line = start.splitlines()[0][:30].decode("utf-8", "replace")
        if nul >= 0 or not line.isprintable():
            raise SeqcnnError("not FASTA: this is no text file", path=path)
        raise SeqcnnError(f"not FASTA: the first line must begin with '>', not {line!r}", path=path)
    if nul >= 0:
        raise SeqcnnError(
            f"NUL byte at offset {nul}: the file is damaged or no text",
            path=path,
            line=data.count(b"\n", 0, nul) + 1,
        )
    if start[:1] == b"@" and _FASTA_NAME.search(str(path)):
        raise SeqcnnError("looks like FASTQ, but is named FASTA: rename it to .fastq", path=path)


def begins_like(mark: bytes, data: bytes | bytearray) -> bool:
    """Tell whether the first character that is no white space is `mark`."""
    return re.match(rb"\s*" + mark, data) is not None


def _looks_utf16(data: bytes | bytearray) -> bool:
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    # without a mark, ASCII text has a zero in every other byte
    return marked or (data[:4].count(0) == 2 and (data[1:4:2] == b"\0\0" or data[:4:2] == b"\0\0"))
