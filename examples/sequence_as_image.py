"""A sequence is a black-and-white picture: the same convolution finds the same motif in both."""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from seqcnn.motifs.matrix import CountMatrix
from seqcnn.nn.conv import conv
from seqcnn.report.sequence_image import draw_sequence, sequence_pictures
from seqcnn.seq.alphabet import DNA

SITES = ("TGACTCA", "TGAGTCA", "TGACTCA", "TGAATCA")
"""Binding sites of AP-1."""


def main(out: Path, toy: bool = False) -> None:
    """Draw a sequence, its feature maps and the motifs of the kernels, and compare both ways."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("ACGT"), 12 if toy else 50))
    text = text[: len(text) // 2] + "TGACTCA" + text[len(text) // 2 :]
    codes = DNA.encode(text)[None]
    pixels = sequence_pictures(codes, DNA.shares)
    picture = pixels[0, :, :, 0] / np.float32(255)

    motif = CountMatrix.from_sites(np.array([DNA.encode(s) for s in SITES]), DNA)
    motif = motif.to_probabilities(pseudocount=0.5)
    forward = np.log2(motif.values / 0.25).astype(np.float32)
    kernels = np.stack([forward, forward[::-1, ::-1]], axis=-1)  # both strands

    one = conv(jnp.asarray(picture.T[None]), jnp.asarray(kernels))
    two = conv(jnp.asarray(picture.T[None, ..., None]), jnp.asarray(kernels[:, :, None]))
    apart = float(jnp.abs(one - two[:, :, 0]).max())
    print(f"{text}: {picture.shape[0]} x {picture.shape[1]} pixels, {int(picture.sum())} white")
    print(f"1-D convolution of letters and 2-D convolution of the picture: {apart:g} apart")
    best = int(np.asarray(one)[0, :, 0].argmax())
    print(f"the best match of the first kernel is {text[best : best + len(forward)]} at {best + 1}")
    turned = picture[::-1, ::-1]
    back = "".join("ACGT"[row] for row in turned.argmax(axis=0))
    print(f"the picture turned half around reads {back}: the other strand")
    draw_sequence(out / "sequence_as_image.png", text, picture, kernels, [motif])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
