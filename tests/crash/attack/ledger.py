"""Ledger: what the client asked for and was told, which is what a crash may not change."""

import dataclasses
import threading
import time

import grpc

from .api import UNKNOWN_OUTCOMES, Answer

STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclasses.dataclass
class Told:
    """A change with its request id, and the answer it got last."""

    method: str
    request: object
    answer: Answer
    sent: float = 0.0  # monotonic seconds
    answered: float = 0.0
    # Of IngestInteractions: per item its name, None where it was refused or nothing was told.
    items: list = dataclasses.field(default_factory=list)

    @property
    def request_id(self):
        return self.request.request_id

    @property
    def known(self):
        return not self.answer.unknown


class Ledger:
    """Every change, in the order in which the answers came. Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def note(self, told):
        with self.lock:
            self.entries.append(told)

    def copy(self):
        """For an attack on a copy of the data: entries are shared until they are settled."""
        other = Ledger()
        other.entries = [dataclasses.replace(entry, items=list(entry.items)) for entry in self.entries]
        return other

    def acknowledged(self):
        return [entry for entry in self.entries if entry.answer.ok]

    def unknown(self):
        return [entry for entry in self.entries if not entry.known]


def send(api, method, request):
    """Sends a change and returns what was told."""
    sent = time.monotonic()
    if method == "IngestInteractions":
        answer, items = ingest(api, request)
    else:
        answer, items = api.call(method, request), []
    return Told(method, request, answer, sent, time.monotonic(), items)


def ingest(api, request):
    """The answer for one message as a whole, and the names of what its items made."""
    answer = api.ingest([request])
    results = answer.reply
    told = [results.get((0, index)) for index in range(len(request.items))]
    names = [result.name if result is not None and result.name else None for result in told]
    if answer.ok and None in told:
        return Answer(None, grpc.StatusCode.UNKNOWN, "", f"{len(results)} results of {len(told)} items"), names
    for result in told if answer.ok else ():
        code = STATUS_CODES[result.status.code]
        if code in UNKNOWN_OUTCOMES:
            return Answer(None, code, "", result.status.message), names
    return answer, names
