"""Files of scored variants: a table, an annotated VCF, and what could not be scored."""

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.variants import SITE, VariantScores, changed_sites, score_variants
from seqcnn.motifs.motif import Motif
from seqcnn.networks.weights import Model
from seqcnn.report.tables import write_table
from seqcnn.seq.genome import Genome
from seqcnn.seq.io.vcf import UNREAD, VcfLine, info_line, read_vcf, with_info
from seqcnn.seq.variants import AlleleWindows, Problem, cut_alleles
from seqcnn.training.predict import target_of

BLOCK = 2048
"""Lines scored together."""

TABLE, PROBLEMS = "variants.tsv", "problems.tsv"

COLUMNS = (
    "chrom pos id ref alt task score_ref score_alt difference sd motif_lost motif_gained"
).split()

HEAD = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

FACTS = {
    "REF": "score of the reference allele",
    "ALT": "score of the alternative allele",
    "DIFF": "score of the alternative allele less that of the reference",
    "SD": "standard deviation of DIFF over networks",
}


class VariantReport:
    """Scores the variants of a file, a block of lines at a time, and writes them.

    Parameters
    ----------
    model, genome
        What scores, and what the variants change.
    length
        Letters of a window.
    motifs, p_value
        Whose sites may be lost or gained, and from which p-value on a window is a site.
    both_strands
        As for `score_variants`.

    Attributes
    ----------
    scored : int
        Alleles so far.
    problems : list of Problem
        What could not be scored so far.
    """

    def __init__(
        self,
        model: Model,
        genome: Genome,
        *,
        length: int,
        motifs: Sequence[Motif] = (),
        p_value: float = SITE,
        both_strands: bool = False,
    ) -> None:
        self.model, self.genome, self.length = model, genome, length
        self.motifs, self.p_value, self.both_strands = motifs, p_value, both_strands
        self.scored = 0
        self.problems: list[Problem] = []
        self.keys = _keys(target_of(model).names)

    def write(self, path: str | Path, folder: Path, *, packed: bool) -> Iterator[int]:
        """Score a file, and tell after each block how many variants are done.

        Parameters
        ----------
        path
            A VCF.
        folder
            Where the files come to be.
        packed
            Whether to compress the annotated VCF, in blocks (BGZF), so that it can be indexed.

        Raises
        ------
        SeqcnnError
            The file is no VCF, or not one of its variants can be scored.
        """
        lines = read_vcf(path)
        annotated = folder / ("annotated.vcf.gz" if packed else "annotated.vcf")
        with _text(folder / TABLE) as table, _vcf(annotated, packed=packed) as vcf:
            table.write("\t".join(COLUMNS) + "\n")
            header, declared = False, self._declared()
            ours = tuple(line[: line.index(",") + 1] for line in declared)
            while block := list(islice(lines, BLOCK)):
                found = self._score(block, table)
                for line in block:
                    if line.text.startswith(ours):  # of an earlier run
                        continue
                    if not line.text.startswith("##") and not header:
                        header = True
                        vcf.write(_header(declared, first=line.number == 1, given=line.is_header))
                    vcf.write(self._annotated(line, found) + "\n")
                yield self.scored
        self.problems.sort(key=lambda problem: problem.line)
        write_table(
            folder / PROBLEMS, ["line", "problem"], ([p.line, p.message] for p in self.problems)
        )
        if not self.scored:
            first = self.problems[0] if self.problems else None
            raise SeqcnnError(
                "no variant can be scored" + (f"; the first: {first.message}" if first else ""),
                path=path, line=first.line if first else None,
            )  # fmt: skip

    def _score(
        self, block: Sequence[VcfLine], table: IO[str]
    ) -> dict[tuple[int, int], dict[str, str]]:
        """Score a block, write its rows, and give what the INFO column of each allele gets."""
        variants = [variant for line in block for variant in line.variants]
        assert self.model.alphabet is not None
        windows, problems = cut_alleles(self.genome, variants, self.length, self.model.alphabet)
        self.problems += [*problems, *(line.problem for line in block if line.problem is not None)]
        self.scored += len(windows)
        if not len(windows):
            return {}
        scores = score_variants(self.model, windows, both_strands=self.both_strands)
        names = self._changes(windows)
        result = {}
        for i, variant in enumerate(windows.variants):
            place = [variant.chromosome, variant.start + 1, variant.name, variant.ref, variant.alt]
            for task, values in enumerate(_values(scores, i)):
                cells = [*place, scores.names[task], *values, *(side[i] for side in names)]
                table.write("\t".join("" if c is None else str(c) for c in cells) + "\n")
            result[variant.line, variant.allele] = self._facts(scores, i, names)
        return result

    def _changes(self, windows: AlleleWindows) -> tuple[list[str | None], list[str | None]]:
        both = bool(self.model.alphabet and self.model.alphabet.double_stranded)
        found = changed_sites(self.motifs, windows, both_strands=both, p_value=self.p_value)
        lost, gained = (
            [_called(self.motifs[k]) if k >= 0 else None for k in side.tolist()]
            for side in (found.lost, found.gained)
        )
        return lost, gained

    def _facts(
        self,
        scores: VariantScores,
        i: int,
        names: tuple[list[str | None], list[str | None]],
    ) -> dict[str, str]:
        facts = {}
        for task, values in enumerate(_values(scores, i)):
            for key, value in zip(FACTS, values, strict=True):
                facts[self.keys[task][key]] = "." if value is None else value
        if self.motifs:
            for key, side in zip(("LOST", "GAINED"), names, strict=True):
                facts[f"SEQCNN_{key}"] = _escaped(side[i] or ".")
        return facts

    def _declared(self) -> list[str]:
        """Declare what the INFO column gets, as lines of the header."""
        names, lines = target_of(self.model).names, []
        for keys, name in zip(self.keys, names, strict=True):
            more = f", {name}" if len(names) > 1 else ""
            for key, text in FACTS.items():
                lines.append(info_line(keys[key], f"seqcnn: {text}{more}"))
        if self.motifs:
            lines += [
                info_line(f"SEQCNN_{key}", f"seqcnn: motif whose site is {key.lower()}", "String")
                for key in ("LOST", "GAINED")
            ]
        return lines

    def _annotated(self, line: VcfLine, found: dict[tuple[int, int], dict[str, str]]) -> str:
        each = [found.get((v.line, v.allele), {}) for v in line.variants]
        keys = dict.fromkeys(key for facts in each for key in facts)
        if not keys:
            return line.text
        return with_info(line.text, {key: [f.get(key, ".") for f in each] for key in keys})


def _called(motif: Motif) -> str:
    """Call a motif by its identifier and the name of its factor, if it has both."""
    other = motif.alternative_name
    return motif.name if not other or other == motif.name else f"{motif.name} {other}"


def _values(scores: VariantScores, i: int) -> Iterator[list[str | None]]:
    """Give the cells of a variant, task by task."""
    for columns in zip(
        scores.ref[i], scores.alt[i], scores.difference[i], scores.sd[i], strict=True
    ):
        yield [f"{value:.5g}" if np.isfinite(value) else None for value in columns]


def _header(declared: Sequence[str], *, first: bool, given: bool) -> str:
    """Write what a file lacks before its first line that is no declaration."""
    lines = [*(["##fileformat=VCFv4.3"] if first else []), *declared, *([] if given else [HEAD])]
    return "".join(f"{line}\n" for line in lines)


def _keys(names: Sequence[str]) -> list[dict[str, str]]:
    """Name the facts of each task in the INFO column, whose keys are letters and few signs."""
    if len(names) == 1:
        return [{kind: f"SEQCNN_{kind}" for kind in FACTS}]
    plain = [re.sub(r"[^A-Za-z0-9_.]", "_", name) for name in names]
    ends = [p if plain.count(p) == 1 else f"{p}_{i}" for i, p in enumerate(plain, 1)]
    return [{kind: f"SEQCNN_{kind}_{end}" for kind in FACTS} for end in ends]


def _escaped(text: str) -> str:
    """Write signs that part values in the INFO column as the specification has it."""
    return re.sub(r"[:;=%,\s]", lambda sign: f"%{ord(sign[0]):02X}", text)


@contextmanager
def _vcf(path: Path, *, packed: bool) -> Iterator[Any]:
    if not packed:
        with _text(path) as handle:
            yield handle
        return
    from Bio.bgzf import BgzfWriter

    packer: Any = BgzfWriter(str(path), "wb")
    with packer as handle:
        yield codecs.getwriter("utf-8")(handle, UNREAD)


def _text(path: Path) -> IO[str]:
    return path.open("w", encoding="utf-8", errors=UNREAD, newline="\n")
