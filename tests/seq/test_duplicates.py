"""Near-duplicates are found, and nothing else is: against a comparison of everything by loops."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqcnn.seq.duplicates as module
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet

SIX = get_alphabet("HPCXYZ")


def from_arrays(arrays, alphabet=DNA):
    return SequenceSet.from_arrays([np.asarray(a, np.uint8) for a in arrays], alphabet=alphabet)


def random_arrays(n, length, seed=0, letters=4):
    return np.random.default_rng(seed).integers(0, letters, (n, length)).astype(np.uint8)


def mutated(codes, share, rng, letters=4):
    """Change a fixed share of the letters, each to another one."""
    changed = codes.copy()
    at = rng.choice(len(codes), round(share * len(codes)), replace=False)
    changed[at] = (codes[at] + rng.integers(1, letters, len(at))) % letters
    return changed


def groups_of(arrays, alphabet=DNA, both=True):
    return near_duplicate_groups(from_arrays(arrays, alphabet), both_strands=both)


def alike_by_loops(one, other, size):
    """The rule itself, one diagonal and one stretch after the other."""
    shorter = min(len(one), len(other))
    needed = max(-(-shorter // 2), 24, min(shorter, 46))
    site = min(30, needed - 16)
    for shift in range(-len(other) + 1, len(one)):
        low, high = max(shift, 0), min(len(one), len(other) + shift)
        left, right = one[low:high], other[low - shift : high - shift]
        same = (left == right) & (left < size)
        equal = np.concatenate([[0], np.cumsum(same)])
        sites = [equal[min(i + site, len(same))] - equal[i] for i in range(len(same) + 1)]
        beside = np.where(same, 3, -7)
        beside[int(np.argmax(sites)) :][:site] = 0
        sums = np.concatenate([[0], np.cumsum(beside)])
        stretches = [
            (begin, end)
            for begin in range(len(left) - needed + 1)
            for end in range(begin + needed, len(left) + 1)
        ]
        if any(5 * (equal[e] - equal[b]) >= 4 * (e - b) for b, e in stretches) and any(
            sums[e] >= sums[b] for b, e in stretches
        ):
            return True
    return False


def links_by_loops(sequences, both):
    """bool (n, n): the rule for each pair of 24 letters or more."""
    alphabet, n = sequences.alphabet, len(sequences)
    linked = np.eye(n, dtype=bool)
    for i in range(n):
        for j in range(i):
            strands = [sequences[j]]
            if both:
                strands.append(alphabet.reverse_complement(sequences[j]))
            linked[i, j] = any(alike_by_loops(sequences[i], s, alphabet.size) for s in strands)
    return linked | linked.T


def groups_by_loops(sequences, both):
    linked = links_by_loops(sequences, both)
    for _ in range(len(linked)):
        linked = linked @ linked
    first = linked.argmax(1)
    return np.unique(first, return_inverse=True)[1]


@st.composite
def families(draw):
    """A few sequences, whole and partial copies of them, more and less mutated, some turned."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    both = draw(st.booleans())
    alphabet = DNA if both else draw(st.sampled_from([DNA, RNA, PROTEIN, SIX]))
    size = alphabet.size
    arrays = [rng.integers(0, size, rng.integers(24, 70)) for _ in range(3)]
    for parent in draw(st.lists(st.integers(0, 2), max_size=4)):
        copy = mutated(arrays[parent], draw(st.sampled_from([0.0, 0.05, 0.1, 0.3])), rng, size)
        low = draw(st.integers(0, len(copy) * 2 // 3))
        copy = np.concatenate([copy[low:], rng.integers(0, size, max(low, 24))])
        if draw(st.booleans()):
            copy[rng.integers(0, len(copy), 3)] = size  # an ambiguous letter
        if both and draw(st.booleans()):
            copy = DNA.reverse_complement(copy)
        arrays.append(copy)
    return from_arrays(arrays, alphabet), both


def without_peptide_rule(sequences, both):
    before, module.PEPTIDE = module.PEPTIDE, 0
    try:
        return near_duplicate_groups(sequences, both_strands=both)
    finally:
        module.PEPTIDE = before


@given(families())
def test_only_what_the_rule_says_is_linked(family):
    sequences, both = family
    found = without_peptide_rule(sequences, both)
    allowed = groups_by_loops(sequences, both)
    # every group found lies within a group of the rule
    assert len({(f, a) for f, a in zip(found, allowed, strict=True)}) == len(set(found))


def test_what_the_rule_says_is_found():
    """Seeds overlook few pairs even near the border of the rule."""
    rng = np.random.default_rng(1)
    expected = found = 0
    for share in (0.05, 0.1, 0.15):
        for _ in range(100):
            parent = rng.integers(0, 4, 60)
            copy = mutated(parent, share, rng)
            low = rng.integers(0, 30)
            copy = np.concatenate([copy[low:], rng.integers(0, 4, low)])
            if alike_by_loops(parent, copy, 4):
                expected += 1
                copy = DNA.reverse_complement(copy) if rng.random() < 0.5 else copy
                found += groups_of([parent, copy]).max() == 0
    assert expected > 120
    assert found >= 0.9 * expected


def test_copies_of_all_kinds():
    rng = np.random.default_rng(2)
    parents = random_arrays(200, 100)
    turned = DNA.reverse_complement(parents)
    shifted = np.concatenate([parents[:, 40:], random_arrays(200, 40, 1)], 1)
    gapped = np.concatenate([parents[:, :50], random_arrays(200, 4, 2), parents[:, 50:-4]], 1)
    cut = parents[:, 20:70]
    for copies in (parents, turned, shifted, DNA.reverse_complement(shifted), gapped, cut):
        together = [*parents, *rng.permutation(copies, axis=0)]
        groups = groups_of(together)
        assert groups.max() == 199, "as many groups as parents"
        assert (np.bincount(groups) == 2).all()


def test_turned_copies_count_on_two_strands_only():
    parents = random_arrays(50, 100)
    together = [*parents, *DNA.reverse_complement(parents)]
    assert groups_of(together, both=True).tolist() == [*range(50), *range(50)]
    assert groups_of(together, both=False).tolist() == list(range(100))


def test_five_copies_with_three_percent_mutations():
    rng = np.random.default_rng(3)
    parents = random_arrays(200, 100)
    copies = [mutated(p, 0.03, rng) for p in parents for _ in range(5)]
    groups = groups_of(copies)
    assert groups.tolist() == np.repeat(np.arange(200), 5).tolist()


@pytest.mark.parametrize(("share", "least"), [(0.1, 0.995), (0.15, 0.99), (0.2, 0.95)])
def test_pairs_at_some_identity(share, least):
    rng = np.random.default_rng(4)
    parents = random_arrays(1000, 100)
    groups = groups_of([*parents, *(mutated(p, share, rng) for p in parents)])
    linked = groups[:1000] == groups[1000:]
    assert linked.mean() >= least
    assert len(set(groups)) == 2000 - linked.sum(), "and nothing else"


def test_far_copies_are_not_linked():
    rng = np.random.default_rng(5)
    parents = random_arrays(500, 100)
    groups = groups_of([*parents, *(mutated(p, 0.35, rng) for p in parents)])
    assert (groups[:500] == groups[500:]).mean() < 0.05


def test_a_common_site_makes_no_duplicates():
    rng = np.random.default_rng(6)
    arrays = random_arrays(2000, 100)
    site = rng.integers(0, 4, 19)
    for row in arrays:
        at = rng.integers(0, 82)
        row[at : at + 19] = site
    began = time.process_time()
    groups = groups_of(arrays)
    # two million pairs share the site; the few that chance makes longer follow the rule
    assert len(set(groups)) >= 1990
    assert time.process_time() - began < 10, "CPU seconds; 0.2 where it was written"
    sequences = from_arrays(arrays)
    for group in np.flatnonzero(np.bincount(groups) > 1):
        linked = links_by_loops(sequences.select(groups == group), True)
        assert (linked.sum(1) > 1).all()


@pytest.mark.parametrize(("length", "width"), [(40, 20), (60, 20), (50, 21), (100, 30)])
def test_a_strong_site_in_short_sequences_makes_no_duplicates(length, width):
    """Sequences of 60 letters that share 20 are alike over half of them, by a little chance."""
    rng = np.random.default_rng(length)
    arrays = random_arrays(300, length, 3)
    site = rng.integers(0, 4, width)
    for row in arrays:
        at = rng.integers(0, length - width + 1)
        row[at : at + width] = site
    assert len(set(groups_of(arrays))) >= 285
    copies = [mutated(row, 0.05, rng) for row in arrays[:30]]
    assert len(set(groups_of([*arrays[:30], *copies]))) <= 31


def test_a_large_family_hangs_together():
    """All seeds are very frequent, so that hardly any pair is compared: enough are."""
    rng = np.random.default_rng(7)
    parent = rng.integers(0, 4, 100)
    groups = groups_of([mutated(parent, 0.1, rng) for _ in range(1000)])
    assert np.bincount(groups).max() >= 995


def test_random_sequences_are_not_linked():
    assert groups_of(random_arrays(2000, 100, 8)).tolist() == list(range(2000))


def test_tails_are_not_enough_but_long_ones_are():
    """Low complexity has no rule of its own: 40 equal letters of 100 are 80 % of a half."""
    for tail, alike in ((22, False), (40, True)):
        arrays = random_arrays(60, 100, 9)
        arrays[:, 100 - tail :] = 0
        groups = groups_of(arrays, both=False)
        assert (groups.max() == 0) == alike
        assert alike or len(set(groups)) >= 58


def test_short_sequences_have_to_be_identical():
    texts = ["ACGTTGCATTGACCATGGACTTA", "ACGTTGCATTGACCATGGACTTA", "ACGTTGCATTGACCATGGACTTC"]
    texts += [DNA.decode(DNA.reverse_complement(DNA.encode(texts[0]))), texts[0][:-1]]
    sequences = SequenceSet.from_strings(texts, alphabet=DNA)
    assert near_duplicate_groups(sequences, both_strands=True).tolist() == [0, 0, 1, 0, 2]
    assert near_duplicate_groups(sequences, both_strands=False).tolist() == [0, 0, 1, 2, 3]


def test_many_short_sequences_do_not_cling_together():
    """A half of 30 letters may be alike by chance; 24 of them hardly are."""
    assert len(set(groups_of(random_arrays(50_000, 30, 17)))) > 49_000


def test_ambiguous_letters_equal_nothing():
    rng = np.random.default_rng(10)
    half = rng.integers(0, 4, 30)
    unknown = np.concatenate([half, np.full(70, 14)])
    # equal letters over 30 of at least 50: only 60 %
    nothing = np.full(100, 14)
    assert groups_of([unknown, unknown, nothing, nothing]).tolist() == [0, 1, 2, 3]
    some = rng.integers(0, 4, 100)
    some[[5, 30, 31, 70, 90]] = 14
    assert groups_of([some, some]).tolist() == [0, 0]
    assert groups_of([[14] * 10, [14] * 10, [0, 14, 1], [0, 14, 1]]).tolist() == [0, 1, 2, 3]


def test_peptides_that_share_a_core():
    core = "WYFHKRDEN"
    texts = [f"{core}AAA", f"GL{core}", f"S{core[1:]}PP", "GGSGGSGGSGG", "GGSGGSGGSGGT"]
    sequences = SequenceSet.from_strings(texts, alphabet=PROTEIN)
    assert near_duplicate_groups(sequences, both_strands=False).tolist() == [0, 0, 1, 2, 2]
    # proteins share a word by chance, and domains by descent
    flanks = random_arrays(2, 60, 11, letters=20)
    long = [PROTEIN.decode(f) + core for f in flanks]
    sequences = SequenceSet.from_strings(long, alphabet=PROTEIN)
    assert near_duplicate_groups(sequences, both_strands=False).tolist() == [0, 1]


def test_proteins():
    rng = np.random.default_rng(12)
    parents = random_arrays(200, 120, 12, letters=20)
    groups = groups_of(
        [*parents, *(mutated(p, 0.15, rng, 20) for p in parents)], PROTEIN, both=False
    )
    assert groups.tolist() == [*range(200), *range(200)]


def test_long_records():
    rng = np.random.default_rng(13)
    long = rng.integers(0, 4, 50_000)
    copy = mutated(long, 0.1, rng)
    shifted = np.concatenate([rng.integers(0, 4, 20_000), copy[:30_000]])
    repeat = rng.integers(0, 4, 50_000)
    repeat[10_000:14_000] = long[30_000:34_000]  # shared, but a small part
    others = [repeat, rng.integers(0, 4, 50_000), *random_arrays(20, 100, 14)]
    groups = groups_of([long, DNA.reverse_complement(shifted), *others])
    assert groups.tolist() == [0, 0, *range(1, 23)]


def test_blocks_and_seeds_leave_no_trace(monkeypatch):
    rng = np.random.default_rng(15)
    parents = random_arrays(60, 80, 15)
    arrays = [
        *parents,
        *(mutated(p, 0.1, rng) for p in parents),
        *(p[rng.integers(20) :] for p in parents),
    ]
    whole = groups_of(arrays)
    assert whole.max() == 59
    monkeypatch.setattr(module, "BLOCK", 100)
    assert groups_of(arrays).tolist() == whole.tolist()
    monkeypatch.setattr(module, "MANY", 0)
    assert groups_of(arrays).tolist() == whole.tolist()


def test_seeds_are_symmetric():
    for seed in (module.SEED, module.SEED_OF_MANY):
        assert seed == seed[::-1]
        assert len(seed) <= module.SHORT


def test_order_and_kind_of_the_labels():
    parents = random_arrays(3, 50, 16)
    groups = groups_of([parents[2], parents[0], parents[2], parents[1], parents[0]])
    assert groups.tolist() == [0, 1, 0, 2, 1]
    assert groups.dtype == np.int64


@pytest.mark.parametrize("texts", [[], [""], ["", "", "A"], ["ACGT" * 10]])
def test_next_to_nothing(texts):
    sequences = SequenceSet.from_strings(texts, alphabet=DNA)
    assert near_duplicate_groups(sequences, both_strands=True).tolist() == list(range(len(texts)))


def test_two_strands_need_a_complement():
    with pytest.raises(SeqcnnError, match="no complement"):
        groups_of(random_arrays(2, 30, letters=20), PROTEIN, both=True)
