"""`Notes`: what a reader has to know of a run, said when it is noticed, kept for the report."""

import logging

logger = logging.getLogger(__name__)


class Notes:
    """Sentences for the reader.

    Parameters
    ----------
    prefix
        Is put before each sentence.
    parent
        Whose sentences these are too.
    """

    def __init__(self, prefix: str = "", parent: "Notes | None" = None) -> None:
        self.prefix, self.sentences = prefix, [] if parent is None else parent.sentences

    def add(self, sentence: str) -> None:
        """Keep a sentence, and log it."""
        self.sentences.append(self.prefix + sentence)
        logger.info("%s", self.prefix + sentence)

    def about(self, what: str) -> "Notes":
        """Give notes whose sentences begin with `what`, kept in the same place."""
        return Notes(f"{self.prefix}{what}: ", self)
