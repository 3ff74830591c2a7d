"""Make genomes whose letters are known, in all kinds of files."""

import bz2
import gzip
import struct
from pathlib import Path

import numpy as np
from Bio import bgzf

LENGTHS = {"chr1": 5003, "chr2": 1, "chrX": 777, "chrM": 130, "3": 2000}


def random_genome(seed: int = 0) -> dict[str, str]:
    """Chromosomes with stretches of N and of lower case, overlapping at times."""
    rng = np.random.default_rng(seed)
    genome = {}
    for name, length in LENGTHS.items():
        letters = rng.choice(list("ACGT"), length)
        for _ in range(length // 200):
            start, size = rng.integers(length), rng.integers(1, 60)
            letters[start : start + size] = "N"
        for _ in range(length // 100):
            start, size = rng.integers(length), rng.integers(1, 90)
            letters[start : start + size] = np.char.lower(letters[start : start + size])
        genome[name] = "".join(letters)
    return genome


def fasta_text(genome: dict[str, str], width: int = 60, end: str = "\n") -> bytes:
    """Lines of one length."""
    lines = []
    for name, letters in genome.items():
        lines.append(f">{name} some words")
        lines += [letters[i : i + width] for i in range(0, len(letters), width)]
    return (end.join(lines) + end).encode()


def twobit_bytes(genome: dict[str, str], order: str = "<", version: int = 0) -> bytes:
    """As the description of the format says, letter by letter."""
    wide = "Q" if version else "I"
    index_size = sum(1 + len(name) + struct.calcsize(wide) for name in genome)
    index, records, place = b"", b"", 16 + index_size
    for name, letters in genome.items():
        record = _record(letters, order)
        index += bytes([len(name)]) + name.encode() + struct.pack(order + wide, place)
        records += record
        place += len(record)
    return struct.pack(order + "IIII", 0x1A412743, version, len(genome), 0) + index + records


def _record(letters: str, order: str) -> bytes:
    content = struct.pack(order + "I", len(letters))
    for wanted in (lambda c: c in "nN", str.islower):
        starts, sizes = _runs([wanted(c) for c in letters])
        content += struct.pack(f"{order}I{2 * len(starts)}I", len(starts), *starts, *sizes)
    content += struct.pack(order + "I", 0)
    padded = letters.upper().replace("N", "T").ljust(-(-len(letters) // 4) * 4, "T")
    packed = bytearray()
    for i in range(0, len(padded), 4):
        byte = 0
        for letter in padded[i : i + 4]:
            byte = byte * 4 + "TCAG".index(letter)
        packed.append(byte)
    return content + bytes(packed)


def _runs(flags: list[bool]) -> tuple[list[int], list[int]]:
    starts, sizes, before = [], [], False
    for i, flag in enumerate(flags):
        if flag and not before:
            starts.append(i)
            sizes.append(0)
        if flag:
            sizes[-1] += 1
        before = flag
    return starts, sizes


def write_bgzip(path: Path, content: bytes, block: int = 500) -> None:
    """Many small blocks, so that stretches cross their ends."""
    with bgzf.BgzfWriter(str(path)) as file:
        for i in range(0, len(content), block):
            file.write(content[i : i + block])
            file.flush()


def write_gzi(path: Path) -> None:
    """List the blocks of a file as bgzip -i does: places of all blocks but the first."""
    with path.open("rb") as handle:
        blocks = [(b[0], b[2]) for b in bgzf.BgzfBlocks(handle)][1:]
    flat = [number for pair in blocks for number in pair]
    Path(f"{path}.gzi").write_bytes(struct.pack(f"<Q{len(flat)}Q", len(blocks), *flat))


def write_genome(folder: Path, kind: str, genome: dict[str, str]) -> Path:
    """Write a genome as one of `KINDS`."""
    path = folder / f"genome_{kind.replace(' ', '_')}"
    text = fasta_text(genome)
    if kind.startswith("bgzip"):
        write_bgzip(path, text)
        if kind == "bgzip with gzi":
            write_gzi(path)
        return path
    content = {
        "plain": lambda: text,
        "windows": lambda: fasta_text(genome, end="\r\n"),
        "one line": lambda: fasta_text(genome, width=10**6),
        "no last end": lambda: text.removesuffix(b"\n"),
        "ragged": lambda: text.replace(b"\n>", b"\n\n>").replace(b"AC", b"A\nC", 9),
        "blank first": lambda: b"\xef\xbb\xbf\n\n" + text,
        "gzip": lambda: gzip.compress(text),
        "bzip2": lambda: bz2.compress(text),
        "2bit": lambda: twobit_bytes(genome),
        "2bit big-endian": lambda: twobit_bytes(genome, ">"),
        "2bit wide": lambda: twobit_bytes(genome, "<", 1),
    }[kind]()
    path.write_bytes(content)
    return path


KINDS = [
    "plain", "windows", "one line", "no last end", "ragged", "blank first", "gzip", "bzip2",
    "bgzip", "bgzip with gzi", "2bit", "2bit big-endian", "2bit wide",
]  # fmt: skip
