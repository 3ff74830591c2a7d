"""The networks of the zoo as a table: what they hold, beside what a lecture says of them."""

import argparse
from pathlib import Path

from seqcnn.networks.table import LECTURE, network_facts

TOY = ("squeezenet", "shufflenet", "resnet18")
"""Networks that are counted in a moment."""


def main(out: Path, toy: bool = False) -> None:
    """Write ``networks.tsv`` to a folder; no weight is made for it."""
    out.mkdir(parents=True, exist_ok=True)
    columns = ("network", "layers", "parameters", "MB", "reads", "lecture", "remark")
    lines = ["\t".join(columns)]
    for name in TOY if toy else sorted(LECTURE):
        facts, said = network_facts(name), LECTURE[name]
        reads = "x".join(map(str, facts.size or ()))
        numbers = facts.layers, f"{facts.parameters:,}", f"{facts.megabytes:.1f}"
        lines.append(
            "\t".join(map(str, (name, *numbers, reads, f"{said.parameters} M", said.remark)))
        )
    (out / "networks.tsv").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path())
    main(parser.parse_args().out)
