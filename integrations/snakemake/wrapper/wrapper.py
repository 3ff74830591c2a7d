"""Snakemake wrapper of ``seqcnn discover``."""

from shlex import quote

from snakemake.shell import shell

FILES = {"control": "--control", "genome": "--genome", "database": "--db"}
"""Inputs that are options of the command."""

job = snakemake  # noqa: F821 (given by Snakemake)
sequences = job.input.get("sequences") or job.input[0]
options = [
    f"{option} {quote(str(job.input.get(name)))}"
    for name, option in FILES.items()
    if job.input.get(name)
]
words = [
    f"seqcnn discover {quote(str(sequences))}",
    f"--out {quote(str(job.output[0]))}",
    f"--threads {job.threads}",
    *options,
    job.params.get("extra", ""),
    job.log_fmt_shell(stdout=True, stderr=True),
]
shell(" ".join(words))
