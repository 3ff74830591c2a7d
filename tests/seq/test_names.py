import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.seq.names import Names, take_names

texts = st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=12)


def make(several: list[str], spacer: bytes = b"") -> Names:
    raw = [text.encode() for text in several]
    ends = np.cumsum([len(r) + len(spacer) for r in raw], dtype=np.int64) - len(spacer)
    return Names(spacer.join(raw), ends - [len(r) for r in raw], ends)


@given(texts, st.sampled_from([b"", b"\n", b"123456789"]))
def test_behaves_as_a_tuple(several, spacer):
    names, expected = make(several, spacer), tuple(several)
    assert names == expected
    assert expected == names
    assert names == make(several)
    assert names != (*expected, "")
    assert names != several, "a tuple is no list either"
    assert hash(names) == hash(expected)
    assert repr(names) == repr(expected)
    assert (len(names), bool(names)) == (len(expected), bool(expected))
    assert list(names) == several
    assert list(reversed(names)) == several[::-1]
    assert pickle.loads(pickle.dumps(names)) == expected
    for i in range(-len(several), len(several)):
        assert names[i] == expected[i]
        assert names.index(names[i]) == expected.index(names[i])
    for some in (slice(None), slice(None, None, -1), slice(1, -1), slice(2, 9, 3)):
        assert names[some] == expected[some]
    with pytest.raises(IndexError):
        names[len(several)]


@given(texts, st.data())
def test_taken_as_from_a_tuple(several, data):
    inside = st.integers(0, len(several) - 1)
    rows = np.array(data.draw(st.lists(inside, max_size=9)) if several else [], np.int64)
    expected = tuple(several[i] for i in rows)
    assert take_names(make(several), rows) == expected
    assert take_names(several, rows) == expected


@given(texts, st.sampled_from([b"", b"\n", b"123456789"]))
def test_hashes_tell_texts_apart_wherever_they_are(several, spacer):
    several = [*several, *several[::-1], *[text + "\0" for text in several]]
    hashes = make(several, spacer).hashes().tolist()
    assert len(dict(zip(several, hashes, strict=True))) == len(set(several)) == len(set(hashes))
    assert dict(zip(several, hashes, strict=True)) == dict(
        zip(several[::-1], make(several[::-1]).hashes().tolist(), strict=True)
    )


def test_hashes_of_many_similar_texts_differ():
    several = [f"{prefix}{i}" for prefix in ("", "chr1:", "x" * 30) for i in range(100_000)]
    assert len(np.unique(make(several).hashes())) == len(several)
