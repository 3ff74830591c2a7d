"""Example sequences: what their letters contribute to the score, and where their sites lie."""

from typing import Any

import numpy as np
from markupsafe import Markup, escape

from seqcnn.discovery.attributions import contributions
from seqcnn.discovery.result import Discovery
from seqcnn.motifs.logo import Logo, attribution_logo
from seqcnn.motifs.logo.drawing import COLUMN, Box, Drawing, Page, Placed, lay_out
from seqcnn.motifs.logo.svg import page_svg
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.report.sequence_image import feature_maps, sequence_pictures

EXAMPLES = 2
"""Sequences of each motif whose letters are drawn by what they contribute."""

LETTERS, BESIDE = 40, 8
"""Letters around a site that are drawn, and beside it at least on both sides together."""

MAPPED = 12
"""Sequences of each motif whose sites are drawn as boxes."""

MAPS = 4
"""Feature maps below the picture of a sequence."""

GREYS = 8
"""Steps of grey in a feature map."""

PIXEL, TOP = 9, 2
"""Units of a letter in the picture of a sequence, and above it."""


def attribution_examples(found: Discovery) -> list[list[dict[str, Any]]]:
    """Draw the letters around the best sites of each motif by what they contribute.

    The network is the one that never saw the sequence. Long sequences are read whole, and drawn
    around the site.

    Parameters
    ----------
    found
        A run; without networks there are no examples.
    """
    chosen = [_best_sequences(found, i, EXAMPLES) for i in range(len(found.motifs))]
    rows = sorted({found_row for rows in chosen for found_row in rows})
    given = _contributions(found, [int(found.sites.sequence[row]) for row in rows])
    if given is None:
        return [[] for _ in found.motifs]
    return [
        [_example(found, row, given[int(found.sites.sequence[row])]) for row in rows_of_motif]
        for rows_of_motif in chosen
    ]


def _best_sequences(found: Discovery, number: int, count: int) -> list[int]:
    """Find the best site of the sequences where a motif scores most: rows of `found.sites`."""
    sites = found.sites
    rows = np.flatnonzero(sites.motif == number)
    order = rows[np.lexsort((sites.sequence[rows], -sites.score[rows]))]
    _, first = np.unique(sites.sequence[order], return_index=True)
    return order[np.sort(first)][:count].tolist()


def _contributions(found: Discovery, sequences: list[int]) -> dict[int, np.ndarray] | None:
    """Compute what each letter contributes, by the network that never saw its sequence."""
    if found.model is None or not all(
        isinstance(member.network, SequenceNetwork) for member in found.model.members
    ):
        return None
    fold = {row.sequence: row.fold for row in found.folds}
    given = {}
    for number, member in enumerate(found.model.members):
        own = sorted({s for s in sequences if fold[s] == number})
        if own:
            codes = found.sequences.select(own).padded()
            given |= dict(zip(own, contributions(member.network, codes), strict=True))  # type: ignore[arg-type]
    return given


def _example(found: Discovery, row: int, given: np.ndarray) -> dict[str, Any]:
    site = found.sites[row]
    sequence, alphabet = int(found.sites.sequence[row]), found.sequences.alphabet
    length = int(found.sequences.lengths[sequence])
    middle = (site.start + site.end) // 2
    drawn = max(LETTERS, site.end - site.start + BESIDE)
    low = int(np.clip(middle - drawn // 2, 0, max(0, length - drawn)))
    codes = found.sequences[sequence][low : low + drawn]
    heights = np.zeros((len(codes), alphabet.size))
    plain = np.flatnonzero(codes < alphabet.size)
    heights[plain, codes[plain]] = np.round(given[low : low + len(codes)][plain], 4)
    logo = attribution_logo(heights, alphabet, name=f"contributions in {site.sequence}"[:80])
    shaded = site.start - low, min(site.end - low, len(codes))
    return {
        "sequence": site.sequence,
        "from": low + 1,
        "to": low + len(codes),
        "length": length,
        "site_from": site.start + 1,
        "site_to": site.end,
        "strand": site.strand,
        "fold": next(r.fold for r in found.folds if r.sequence == sequence) + 1,
        "logo": _shaded(logo, *shaded),
    }


def _shaded(logo: Logo, start: int, end: int) -> str:
    """Draw a logo with a part of its positions shaded."""
    drawing = lay_out(logo, axes=False)
    box = Box(COLUMN * start, 0, COLUMN * (end - start), drawing.height)
    behind = Drawing(drawing.width, drawing.height, shades=[box])
    page = Page(drawing.width, drawing.height, [Placed(0, 0, behind), Placed(0, 0, drawing)])
    return page_svg(page, height=90, title=logo.title, defs=False)


def site_map(found: Discovery, number: int) -> Markup | None:
    """Draw sequences with the sites of a motif as filled boxes, those of others as empty ones."""
    chosen = _best_sequences(found, number, MAPPED)
    if not chosen:
        return None
    sites, names = found.sites, [m.motif.name for m in found.motifs]
    shown = [int(sites.sequence[row]) for row in chosen]
    lengths = found.sequences.lengths[shown]
    scale, parts = 600 / int(lengths.max()), []
    for line, (sequence, length) in enumerate(zip(shown, lengths.tolist(), strict=True)):
        y = 20 * line + 10
        parts.append(f'<path class="axis" d="M0 {y}h{scale * length:.1f}"/>')
        for row in np.flatnonzero(sites.sequence == sequence).tolist():
            parts.append(_box(found, row, y, scale, own=int(sites.motif[row]) == number))
    label = (
        f"Sites in the {len(shown)} sequences with the best sites of {names[number]}, from start "
        f"to end"
    )
    if found.facts["strand"] == "both":
        label += "; above the line on the given strand, below it on the other"
    return Markup(
        f'<svg class="map" viewBox="-2 0 604 {20 * len(shown)}" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title>{"".join(parts)}</svg>'
    )


def _box(found: Discovery, row: int, y: int, scale: float, *, own: bool) -> str:
    motif = found.motifs[int(found.sites.motif[row])].motif
    start, reverse = int(found.sites.start[row]), bool(found.sites.reverse[row])
    words = f"{motif.name}, {start + 1} to {start + motif.width}, strand {'-' if reverse else '+'}"
    return (
        f'<rect class="{"site" if own else "other"}" x="{scale * start:.1f}" '
        f'y="{y if reverse else y - 8}" width="{scale * motif.width:.1f}" height="8">'
        f"<title>{escape(words)}</title></rect>"
    )


def picture_of_sequence(found: Discovery) -> dict[str, Any] | None:
    """Draw a sequence as the networks read it, and what some of their kernels make of it.

    The sequence has the best site of the leading motif; the kernels are those that fire most there.
    """
    if not found.motifs or found.model is None:
        return None
    network = found.model.members[0].network
    if not isinstance(network, SequenceNetwork):
        return None
    (row,) = _best_sequences(found, 0, 1) or (None,)
    if row is None:
        return None
    site, sequence = found.sites[row], int(found.sites.sequence[row])
    low = max(0, (site.start + site.end) // 2 - 50)
    codes = found.sequences[sequence][low : low + 100]
    kernels = np.asarray(network.first_kernel)
    alphabet = found.sequences.alphabet
    picture = sequence_pictures(codes[None], alphabet.shares)[0, :, :, 0] / 255
    # as the network does with a sequence that is shorter than its kernels
    missing = max(0, len(kernels) - len(codes))
    maps = np.maximum(feature_maps(np.pad(picture, ((0, 0), (0, missing))), kernels), 0)
    best = np.argsort(-maps.max(1), kind="stable")[:MAPS]
    return {
        "sequence": site.sequence,
        "from": low + 1,
        "to": low + len(codes),
        "motif": found.motifs[0].motif.name,
        "width": len(kernels),
        "picture": _picture(picture, maps[best], alphabet.letters, alphabet.decode(codes)),
    }


def _picture(picture: np.ndarray, maps: np.ndarray, letters: str, text: str) -> str:
    """Write the picture and its feature maps: black is 0, white the most."""
    high, width = len(letters) * PIXEL, len(text) * PIXEL
    parts = [f'<rect class="black" x="20" y="{TOP}" width="{width}" height="{high}"/>']
    parts += [
        f'<text x="6" y="{TOP + PIXEL * (i + 1) - 1}">{escape(letter)}</text>'
        for i, letter in enumerate(letters)
    ]
    parts += _pixels(picture, TOP)
    for number, values in enumerate(maps):
        y = TOP + high + 12 + number * 2 * PIXEL
        parts.append(
            f'<rect class="black" x="20" y="{y}" width="{len(values) * PIXEL}" height="{PIXEL}"/>'
        )
        parts += _pixels(values[None] / max(float(values.max()), 1e-9), y)
        parts.append(f'<text x="2" y="{y + PIXEL - 1}">{number + 1}</text>')
    below = TOP + high + 12 + len(maps) * 2 * PIXEL
    label = (
        "A sequence as a black-and-white picture, a row for each letter, white where it stands; "
        f"below it {len(maps)} feature maps, brighter where a kernel fits better"
    )
    return (
        f'<svg class="picture" width="{width + 24}" viewBox="0 0 {width + 24} {below}" role="img" '
        f'aria-label="{label}"><title>{label}</title>{"".join(parts)}</svg>'
    )


def _pixels(values: np.ndarray, top: int) -> list[str]:
    """Draw the pixels that are not black, those of one grey as one path."""
    grey = np.round(values * GREYS).astype(int)
    paths = []
    for level in range(1, GREYS + 1):
        rows, columns = np.nonzero(grey == level)
        if len(rows):
            shape = "".join(
                f"M{20 + PIXEL * c} {top + PIXEL * r}h{PIXEL}v{PIXEL}h-{PIXEL}z"
                for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
            )
            share = round(255 * level / GREYS)
            paths.append(f'<path fill="rgb({share},{share},{share})" d="{shape}"/>')
    return paths
