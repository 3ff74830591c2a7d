"""Fetch files of weights from the Hugging Face Hub, if that is wanted.

Nothing else in seqcnn reaches for the network, and nothing here runs unless a source begins with
``hf://``. Files are kept where the Hub's own tools keep them, so that a second call works offline.
"""

import hashlib
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnError

HUB = "hf://"
"""What the source of a file on the Hub begins with."""


def find_weights(
    source: str | Path, *, sha256: str | None = None, cache: str | Path | None = None
) -> Path:
    """Find a file of weights: on this machine, or on the Hub.

    Parameters
    ----------
    source
        A path; or ``hf://owner/repository/file``, with ``@revision`` behind it for another state
        than the newest, which needs huggingface_hub.
    sha256
        What the SHA-256 of the file has to be, in hexadecimal; None not to look.
    cache
        Folder of what was downloaded; None for that of huggingface_hub.

    Returns
    -------
    pathlib.Path
        Where the file lies, for `seqcnn.networks.imports.import_weights`.

    Raises
    ------
    SeqcnnError
        huggingface_hub is missing; the file is not to be had; or its SHA-256 is another.

    Examples
    --------
    >>> find_weights("hf://resnet18")
    Traceback (most recent call last):
    ...
    seqcnn.errors.SeqcnnError: 'hf://resnet18' is no hf://owner/repository/file
    """
    path = _fetch(str(source), cache) if str(source).startswith(HUB) else Path(source)
    if not path.is_file():
        raise SeqcnnError("there is no such file", path=path)
    if sha256 is not None:
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
        if found != sha256.lower():
            raise SeqcnnError(
                f"its SHA-256 is {found}, not {sha256}: it is damaged or another version; remove "
                f"it, or give its `@revision`",
                path=path,
            )
    return path


def _fetch(source: str, cache: str | Path | None) -> Path:
    place, _, revision = source.removeprefix(HUB).partition("@")
    owner, _, rest = place.partition("/")
    repository, _, name = rest.partition("/")
    if not (owner and repository and name):
        raise SeqcnnError(f"{source!r} is no hf://owner/repository/file")
    hub = _hub()
    try:
        found = hub.hf_hub_download(
            f"{owner}/{repository}", name, revision=revision or None, cache_dir=cache
        )
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SeqcnnError(
            f"{source!r} is neither in the cache nor can it be downloaded ({reason}): look at the "
            f"name, go online once, or give the path of a copy"
        ) from error
    return Path(found)


def _hub() -> Any:
    try:
        import huggingface_hub  # pyright: ignore[reportMissingImports]
        import huggingface_hub.errors  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise SeqcnnError(
            "files of the Hub need huggingface_hub, which is not installed: "
            "pip install 'seqcnn[hub]'; or give the path of a copy"
        ) from error
    return huggingface_hub
