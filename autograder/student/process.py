"""A student's process: it runs cells and answers requests until it is told to stop.

It never learns what is checked. It gets the text of cells, and requests about the student's
own names; it gives back what they show and what they return.

All cells come first. Until the last of them has run, and what it shows has been sent, the
process has heard nothing of any check: no cell can show what a check passes in. Then come the
requests, exercise by exercise; each finds the names as they were after its check cell.
"""

from __future__ import annotations

import _signal as _c_signal  # type: ignore[import-not-found]
import os
import signal
from typing import Any

from .missing import define_missing
from .moments import Moment
from .others import Others
from .resources import Limits
from .shell import Shell
from .side import StudentError, StudentSide
from .visible import run_visible
from .wire import Channel, WireClosedError, WireError

# Taken here, before a student's code can put something else in their place.
_exit = os._exit
# Those of `signal` make names of numbers, for which a request has no use, and take far longer.
_signal, _getsignal, _sigmask = _c_signal.signal, _c_signal.getsignal, _c_signal.pthread_sigmask


class Server:
    """Answers the referee's requests.

    A request is a list; so is a reply.

    ========================================  =============================================
    ``["cell", source]``                      ``["ran", outputs, cut]``
    ``["file", name, content]``               ``["written"]``
    ``["visible", source, seconds]``          ``["judged", outputs, cut, status, seen]``
    ``["moment", number, definitions, file,   ``["kept"]``: the names, before what is missing
    seconds]``                                has been defined
    ``["turn", number]``                      ``["turned"]``: the names are as at that moment
    ``["ask", first, operation, *operands]``  ``["value", value, entered]``, or
                                              ``["raised", kind, message, missing, entered]``
    ``["tampering"]``                         ``["seen", names]``
    ========================================  =============================================

    `first` lists operations to be carried out before, whose values nobody waits for. `entered`
    lists what has been entered, since the check began, of what it forbids.

    Parameters
    ----------
    channel : Channel
        The connection to the referee.
    shell : Shell
        Where the cells run.
    limits : Limits
        How much a cell may show.
    others : Others
        What else runs in this process's namespace.
    """

    def __init__(self, channel: Channel, shell: Shell, limits: Limits, others: Others) -> None:
        self.channel = channel
        self.shell = shell
        self.limits = limits
        self.others = others
        # One object, to be known again.
        self._handler = self._interrupted
        _signal(signal.SIGINT, self._handler)
        self.deafened = False
        self.side = StudentSide(shell.namespace)
        self.moments: dict[int, Moment] = {}
        self.at_end: Moment | None = None
        self.busy = False

    def serve(self) -> None:
        """Answer until the connection closes."""
        self._send(["ready"])
        while True:
            request = self.channel.receive()
            self._listen(mend=request[0] != "ask")
            self._send(self._carried_out(request))

    def _listen(self, mend: bool = True) -> None:
        """React to orders, also after code that has made this process deaf to them.

        What was done to a signal past Python is not seen; with `mend` it is mended all the same.
        """
        deaf = _getsignal(signal.SIGINT) is not self._handler
        if deaf or mend:
            _signal(signal.SIGINT, self._handler)
        self.deafened = self.deafened or deaf
        _sigmask(signal.SIG_SETMASK, ())

    def _carried_out(self, request: list[Any]) -> list[Any]:
        try:
            self.busy = True
            return self._answer(request)
        except KeyboardInterrupt:
            return ["raised", "KeyboardInterrupt", "it was stopped", False]
        except MemoryError:
            return ["raised", "MemoryError", "it needs too much memory", False]
        finally:
            self.busy = False

    def _answer(self, request: list[Any]) -> list[Any]:
        match request:
            case ["cell", str(source)]:
                return ["ran", *self.shell.run(source, self.limits.output)]
            case ["file", str(name), bytes(content)]:
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                with open(name, "wb") as file:
                    file.write(content)
                return ["written"]
            case ["visible", str(source), float(seconds)]:
                self.others.mark()
                with self.shell.showing(self.limits.output):
                    status, seen = run_visible(source, self.shell.namespace, seconds)
                self.others.end_since_mark()
                outputs = self.shell.outputs
                return ["judged", outputs.finished(), outputs.cut, status, seen]
            case ["moment", int(number), list(definitions), str(file), float(seconds)]:
                self.moments[number] = Moment(self.shell.namespace)
                with self.shell.showing(0):
                    define_missing(definitions, self.shell.namespace, file, seconds)
                return ["kept"]
            case ["turn", int(number)]:
                self.others.end_since_mark()
                self.others.mark()
                # It goes on holding all there is at the end: what goes may have a `__del__`.
                self.at_end = self.at_end or Moment(self.shell.namespace)
                self.moments[number].restore(self.shell.namespace)
                return ["turned"]
            case ["ask", list(first), str(operation), *operands]:
                try:
                    with self.shell.showing(0):
                        for one in first:
                            self.side.request(*one)
                        value = self.side.request(operation, *operands)
                    return ["value", value, self.side.request("entered")]
                except StudentError as error:
                    entered = self.side.request("entered")
                    return ["raised", error.kind, error.message, error.missing, entered]
            case ["tampering"]:
                changes = self.shell.fingerprint.changes()
                return ["seen", changes[:100] + ["signals replaced"] * self.deafened]
        raise WireError(f"unknown request {request[:1]}")

    def _send(self, reply: list[Any]) -> None:
        try:
            self.channel.send(reply)
        except WireClosedError:
            _exit(0)
        except WireError as error:
            self.channel.send(["raised", "ValueError", str(error), False])

    def _interrupted(self, _signal: int, _frame: object) -> None:
        # An order that comes when the work is done must not break the next request.
        if self.busy:
            raise KeyboardInterrupt
