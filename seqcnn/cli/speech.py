"""What a run says on stderr: single lines for people, or JSON for programs, or nothing."""

import json
import logging
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SECONDS = 1.0
"""Between two lines of progress in JSON that tell of the same thing."""

TALKERS = {"seqcnn": logging.INFO, "jax": logging.WARNING}
"""Loggers that are heard, from which level on; jax would print on its own."""


@dataclass(frozen=True)
class Speech:
    """How a run talks.

    Parameters
    ----------
    quiet
        Nothing is said but what ended the run.
    as_json
        Each line is an object with `level` and `message`, and more as the case may be.
    """

    quiet: bool = False
    as_json: bool = False

    def say(self, level: str, message: str, **facts: Any) -> None:
        """Print one line; `level` is ``note``, ``warning`` or ``error``."""
        if self.quiet and level != "error":
            return
        text = harmless(message)
        if self.as_json:
            text = json.dumps({"level": level, "message": text, **facts})
        else:
            text = f"{level}: {text}"
        print(text, file=sys.stderr)


_now = [Speech()]


def speech() -> Speech:
    """Say how this run talks."""
    return _now[-1]


def speech_of(arguments: Sequence[str]) -> Speech:
    """Read it off the command line, before this is parsed: errors in it are told so too.

    Examples
    --------
    >>> speech_of(["scan", "m.meme", "--json"]).as_json
    True
    >>> speech_of(["discover", "peaks.fa", "-qo", "out"]).quiet
    True
    """
    given = set(arguments)
    # -qo OUT is -q -o OUT
    quiet = "--quiet" in given or any(word.startswith("-q") for word in given)
    return Speech(quiet=quiet, as_json="--json" in given)


def harmless(text: str) -> str:
    """One line without control characters, whatever a file name or an id holds."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


@contextmanager
def speaking(how: Speech) -> Iterator[None]:
    """Print warnings and notes as single lines; leave both as they were for a caller in Python."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        how.say("warning", str(message))

    loggers = [logging.getLogger(name) for name in TALKERS]
    before = [(logger.handlers[:], logger.level) for logger in loggers]
    _now.append(how)
    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("default")
        logging.captureWarnings(False)
        for logger, level in zip(loggers, TALKERS.values(), strict=True):
            logger.handlers[:] = [_Notes()]
            logger.setLevel(level)
        try:
            yield
        finally:
            _now.pop()
            for logger, (handlers, level) in zip(loggers, before, strict=True):
                logger.handlers[:] = handlers
                logger.setLevel(level)


class ProgressLines:
    """Progress as JSON: when something new begins, and at most once a second in between."""

    def __init__(self) -> None:
        self._what, self._told = "", -SECONDS

    def tell(self, what: str, share: float) -> None:
        """Print a line if it is time for one."""
        now = time.monotonic()
        if what == self._what and now - self._told < SECONDS:
            return
        self._what, self._told = what, now
        speech().say("progress", what, share=round(share, 4))


class _Notes(logging.Handler):
    """Print notes on what stderr is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one note, or warning, as one line."""
        kind = "warning" if record.levelno >= logging.WARNING else "note"
        speech().say(kind, record.getMessage())
