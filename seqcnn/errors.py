"""The one family of errors and warnings that seqcnn raises at its border."""

from pathlib import Path


class SeqcnnError(ValueError):
    """Say what is wrong with an input, where, and how to mend it.

    Parameters
    ----------
    message
        What is wrong and how to mend it, in one line.
    path
        The file at fault, if there is one.
    line
        The line of that file, counted from 1.
    """

    def __init__(
        self, message: str, *, path: str | Path | None = None, line: int | None = None
    ) -> None:
        self.message, self.path, self.line = message, path, line
        super().__init__(message)

    def __str__(self) -> str:
        where = [] if self.path is None else [str(self.path)]
        where += [] if self.line is None else [f"line {self.line}"]
        return ", ".join(where) + (": " if where else "") + self.message


class SeqcnnWarning(UserWarning):
    """Something in the input that a careful user wants to know, although the work goes on."""


class TrainingError(RuntimeError):
    """Training could not go on, for instance because the loss was no longer a number."""
