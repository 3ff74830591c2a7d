"""Build seqcnn/motifs/data/jaspar.npz from the JASPAR 2026 database in the package pyjaspar.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install pyjaspar==4.0.0
    /tmp/venv/bin/python tools/build_jaspar.py

The same input gives the same bytes.
"""

import sqlite3
from pathlib import Path

import numpy as np
import pyjaspar  # type: ignore[import-not-found]

DATABASE = Path(pyjaspar.__file__).parent / "data" / "JASPAR2026.sqlite"
TARGET = Path(__file__).parents[1] / "seqcnn" / "motifs" / "data" / "jaspar.npz"

LATEST = """
SELECT m.id, m.base_id || '.' || m.version, m.name, max(a.val)
FROM matrix m JOIN matrix_annotation a ON a.id = m.id AND a.tag = 'tax_group'
WHERE m.collection = 'CORE' AND m.version = (
    SELECT max(version) FROM matrix n WHERE n.base_id = m.base_id AND n.collection = 'CORE')
GROUP BY m.id ORDER BY m.base_id
"""


def counts(connection: sqlite3.Connection, key: int) -> np.ndarray:
    """Read the counts of one profile, float64 (width, 4), letters in the order ACGT."""
    rows = connection.execute(
        "SELECT col, row, val FROM matrix_data WHERE id = ? ORDER BY col, row", (key,)
    ).fetchall()
    assert [letter for _, letter, _ in rows] == list("ACGT") * (len(rows) // 4), key
    assert [col for col, _, _ in rows[::4]] == list(range(1, len(rows) // 4 + 1)), key
    return np.array([value for _, _, value in rows], np.float64).reshape(-1, 4)


def main() -> None:
    """Write the archive and say what is in it."""
    with sqlite3.connect(DATABASE) as connection:
        profiles = connection.execute(LATEST).fetchall()
        matrices = [counts(connection, key) for key, *_ in profiles]
    groups = sorted({group for *_, group in profiles})
    np.savez_compressed(
        TARGET,
        # text as bytes: a Unicode array takes four times the memory to inflate
        identifiers=_text(identifier for _, identifier, _, _ in profiles),
        names=_text(name for _, _, name, _ in profiles),
        groups=_text(groups),
        group_of_profile=np.array([groups.index(group) for *_, group in profiles], np.uint8),
        widths=np.array([len(matrix) for matrix in matrices], np.uint8),
        # letters apart and positions side by side: neighbours are alike, which compresses better
        counts=np.concatenate(matrices).T.astype(np.float32),
    )
    print(f"{len(profiles)} profiles, {TARGET.stat().st_size} bytes, groups {groups}")


def _text(lines: object) -> np.ndarray:
    return np.frombuffer("\n".join(lines).encode(), np.uint8)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
