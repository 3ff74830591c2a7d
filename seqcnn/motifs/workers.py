"""The same work on many items, shared out to processes, and the results in order.

The default engine makes thousands of short calls of NumPy. Each gives Python's global lock back and
takes it again, and two threads that do so wait for each other all the time: two cores were no
faster than one. Helpers are therefore processes. They are started as new ones, not as copies of
this one, since a copy of a process with threads may stand still for ever, and they are no children
of `multiprocessing`, which would run the user's script a second time. A helper that fails costs
time, not results: what it had to do is done here.
"""

import mmap
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import BinaryIO, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

ALIGNED = 64
"""Arrays begin at multiples of so many bytes."""

AHEAD = 2
"""Items that wait for a helper, one of which it works on."""

WAITING = 3
"""Items of each process whose results may wait: time for a slower one to catch up, in memory."""

BROKEN = (EOFError, OSError, ValueError, pickle.UnpicklingError)
"""What reading from and writing to a dead process raises."""

START = """import sys
sys.path[:] = {path!r}
import seqcnn.motifs.passes
from seqcnn.motifs.workers import serve
serve(sys.stdin.buffer, sys.stdout.buffer)
"""
"""What a helper runs; most work needs the modules that it imports before it answers."""


class Crew:
    """The process alone; work is done when it is handed in.

    Crews are context managers; what they started ends with them.
    """

    most = 1
    """Items whose results may wait for that of an earlier one."""

    def submit(self, work: Callable[[Item], Result], item: Item) -> "Future[Result]":
        """Hand an item in."""
        return _done(work, item)

    def in_turn(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result]]:
        """Work on items, few at a time, and give the results in the order of the items.

        Parameters
        ----------
        work
            Has no effect but its result; picklable, like items and results.
        items
            Taken when there is room for more.
        """
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            waiting.append((item, self.submit(work, item)))
            while waiting and (waiting[0][1].done() or len(waiting) > self.most):
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()

    def close(self) -> None:
        """End what was started; of work that was not asked for yet there is no result."""

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Threads(Crew):
    """Threads, for work in few and long calls that leave Python's lock alone.

    Parameters
    ----------
    number
        Of threads.
    """

    def __init__(self, number: int) -> None:
        self.most = number
        self.pool = ThreadPoolExecutor(number)

    def submit(self, work: Callable[[Item], Result], item: Item) -> "Future[Result]":
        """Hand an item in."""
        return self.pool.submit(work, item)

    def close(self) -> None:
        """Wait for what was begun."""
        self.pool.shutdown(cancel_futures=True)


class Processes(Crew):
    """The process and helpers; it works itself until they have started and while they are busy.

    Parameters
    ----------
    helpers
        1 or more processes besides this one.
    """

    def __init__(self, helpers: int) -> None:
        self.most = WAITING * (helpers + 1)
        self.helpers: list[_Helper] = []
        self.idle: SimpleQueue[_Helper] = SimpleQueue()
        self.pool = ThreadPoolExecutor(helpers)
        self.open: list[Future] = []
        self.shipped: _Shipped | None = None
        self.closed = False
        try:
            # programs that embed Python or are packed with it cannot be started like Python
            able = sys.executable and not getattr(sys, "frozen", False)
            for _ in range(helpers if able else 0):
                with suppress(OSError):
                    self.helpers.append(_Helper())
        except BaseException:
            self.close()
            raise
        for helper in self.helpers:
            self.pool.submit(self._welcome, helper)

    def _welcome(self, helper: "_Helper") -> None:
        helper.alive = helper.starts()
        self.idle.put(helper)

    def submit(self, work: Callable[[Item], Result], item: Item) -> "Future[Result]":
        """Hand an item in."""
        self.open = [future for future in self.open if not future.done()]
        if len(self.open) >= AHEAD * sum(helper.alive for helper in self.helpers):
            return _done(work, item)
        if self.shipped is None or self.shipped.work != work:
            if self.open:
                return _done(work, item)
            self._forget()
            self.shipped = _ship(work)
        self.open.append(self.pool.submit(self._let_help, self.shipped, item))
        return self.open[-1]

    def _let_help(self, shipped: "_Shipped", item: object) -> object:
        helper = self.idle.get()
        try:
            result = helper.help(shipped, item)
            # no file stays behind, whatever becomes of this process
            if all(h.work is shipped.work or h.process.poll() is not None for h in self.helpers):
                shipped.path.unlink(missing_ok=True)
            return result
        except BROKEN:
            helper.alive = False
            if self.closed:
                raise
            return shipped.work(item)
        finally:
            self.idle.put(helper)

    def _forget(self) -> None:
        if self.shipped is not None:
            self.shipped.path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the helpers at once."""
        self.closed = True
        for helper in self.helpers:
            helper.process.kill()
        self.pool.shutdown(cancel_futures=True)
        for helper in self.helpers:
            helper.end()
        self._forget()


def _done(work: Callable[[Item], Result], item: Item) -> "Future[Result]":
    future: Future[Result] = Future()
    try:
        future.set_result(work(item))
    except Exception as error:
        # told when it is this item's turn
        future.set_exception(error)
    return future


class _Shipped(NamedTuple):
    """Work in a file, and where in it the pickle and its arrays are."""

    work: Callable
    path: Path
    places: list[tuple[int, int]]


def _ship(work: Callable) -> _Shipped:
    """Write work to a file that all helpers map, so that its arrays are in memory once."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(work, protocol=5, buffer_callback=buffers.append)
    places = []
    with NamedTemporaryFile(prefix="seqcnn-", delete=False) as file:
        for part in (head, *(buffer.raw() for buffer in buffers)):
            file.seek(-(-file.tell() // ALIGNED) * ALIGNED)
            places.append((file.tell(), file.tell() + len(part)))
            file.write(part)
    return _Shipped(work, Path(file.name), places)


def _receive(path: Path, places: list[tuple[int, int]]) -> Callable:
    with path.open("rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    head, *arrays = (content[first:last] for first, last in places)
    return pickle.loads(head, buffers=arrays)


class _Helper:
    """A process that waits for work."""

    def __init__(self) -> None:
        # Ctrl-C in a terminal goes to the whole group of processes: helpers are in groups of their
        # own and end when their input does; BLAS has nothing to do in them
        self.process = subprocess.Popen(
            [sys.executable, "-c", START.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            process_group=0,
        )
        self.work: Callable | None = None
        self.alive = False

    def starts(self) -> bool:
        """Wait until the helper answers; False if it does not."""
        assert self.process.stdout is not None
        try:
            return pickle.load(self.process.stdout)
        except BROKEN:
            return False

    def help(self, shipped: _Shipped, item: object) -> object:
        """Let the helper work on an item, and wait for the result."""
        given, result = self.process.stdin, self.process.stdout
        assert given is not None and result is not None
        new = None if self.work is shipped.work else (shipped.path, shipped.places)
        pickle.dump((new, item), given, protocol=5)
        given.flush()
        answer = pickle.load(result)
        self.work = shipped.work
        return answer

    def end(self) -> None:
        """Collect the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            # what a dead helper did not read cannot be written
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self.process.wait()


def serve(given: BinaryIO, result: BinaryIO) -> None:
    """Be a helper until the input ends.

    Parameters
    ----------
    given
        Pairs: new work or None, and an item.
    result
        True, then one for each item.
    """
    work: Callable | None = None
    # whoever started this process may be gone
    with suppress(EOFError, BrokenPipeError):
        pickle.dump(True, result, protocol=5)
        result.flush()
        while True:
            new, item = pickle.load(given)
            if new is not None:
                work = _receive(*new)
            assert work is not None
            pickle.dump(work(item), result, protocol=5)
            result.flush()
