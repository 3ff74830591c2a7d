"""Small tables are read whatever lies between their columns."""

import numpy as np
import pytest

from seqcnn.data.tables import read_table
from seqcnn.errors import SeqcnnError


def test_tabs_commas_quotes_and_blank_lines(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\ufefffile,x\n\n"a, b.png", 1.5 \nc.png,NA\n', encoding="utf-8")
    table = read_table(path)
    assert table.names == ("file", "x") and table.lines == (3, 4)
    assert table.texts("file") == ["a, b.png", "c.png"]
    np.testing.assert_array_equal(table.numbers("x"), [1.5, np.nan])
    assert table.is_numeric("x") and not table.is_numeric("file")
    assert table.select([1]).rows == (("c.png", ""),)


def test_numbers_must_be_finite(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("file\tx\na\t1\nb\tinf\n")
    with pytest.raises(SeqcnnError, match=r"t.tsv, line 3: 'x' is 'inf'"):
        read_table(path).numbers("x")
