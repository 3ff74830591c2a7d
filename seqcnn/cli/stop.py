"""Signals that end a run: at once, or shortly after where an exception could do harm.

An exception that is raised in Python code which jax calls from C is swallowed, or crashes the
process. There a signal waits for a moment and tries again.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

AGAIN = 0.05
"""Seconds until a signal that came inside of jax tries again."""

_received: list[int] = []
_raised: list[bool] = []
_held: list[bool] = []

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit codes of interrupted runs: 128 and the number of the signal."""
if hasattr(signal, "SIGHUP"):
    CODES[signal.SIGHUP] = 129  # the terminal was closed


class Stopped(BaseException):
    """A signal asked the run to end; no `except Exception` holds it up."""


@contextmanager
def listening() -> Iterator[None]:
    """Let signals end what runs inside."""
    _received.clear()
    _raised.clear()
    _held.clear()
    handled = [*CODES, *([signal.SIGALRM] if hasattr(signal, "SIGALRM") else [])]
    before: dict[int, Any] = {}
    try:
        for number in handled:
            before[number] = signal.signal(number, _stop)
    except ValueError:  # in any but the main thread there are no signals
        pass
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def check() -> None:
    """End the run if a signal came and none has to wait; to be called between pieces of work."""
    if _received and not _held:
        _raised.append(True)
        raise Stopped


@contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """Let signals wait, and give a function that tells whether one came.

    For work that asks often, and puts something in order before it ends; then the run ends.
    """
    _held.append(True)
    try:
        yield lambda: bool(_received)
    finally:
        _held.pop()
        check()


def exit_code() -> int | None:
    """Give the exit code of the signal that came, if one did."""
    return CODES[signal.Signals(_received[0])] if _received else None


def _stop(number: int, frame: FrameType | None) -> None:
    if number in CODES:
        _received.append(number)
    elif _raised:
        return  # the run is ending already: leave its cleaning up alone
    if _held:
        return
    if _inside_jax(frame) and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
        return
    _raised.append(True)
    # no KeyboardInterrupt: one that passes through `exec` makes Python kill itself at its end
    raise Stopped


def _inside_jax(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("jax", "jaxlib"):
            return True
        frame = frame.f_back
    return False
