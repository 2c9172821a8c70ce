"""Unary calls carried together over one stream: kith.sessions.v1."""
import collections
import threading
import time
from concurrent.futures import Future
from typing import Callable, Deque, Dict, List, Optional, Sequence, Tuple

import grpc
from google.rpc import status_pb2

from kith._error import packed_details
from kith._retry import FIRST_SECONDS, MAX_SECONDS, Deadline
from kith.sessions.v1 import sessions_service_pb2 as sessions
from kith.sessions.v1 import sessions_service_pb2_grpc as sessions_grpc

CALLS_A_MESSAGE = 500
BYTES_A_MESSAGE = 1 << 20
# A session that has told nothing for so long is asked whether it is there.
QUIET_SECONDS = 5.0
# How often a look is taken, at most, at whether it tells anything.
LOOK_SECONDS = 1.0
# The server tells that a deadline has passed. Where it tells nothing, the client does, so much later.
GRACE_SECONDS = 1.0
# Errors of a stream that another stream would meet again.
LASTING = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT,
           grpc.StatusCode.UNIMPLEMENTED}
CODES = {code.value[0]: code for code in grpc.StatusCode}


class CallFailed(grpc.RpcError, grpc.Call):
    """A failure as gRPC itself raises it, of a call that was carried by a session."""

    def __init__(self, status: status_pb2.Status):
        super().__init__(status.message)
        self._status = status
        #: It was tried again already, for as long as the channel's patience lasts.
        self.given_up = False

    def code(self):
        return CODES.get(self._status.code, grpc.StatusCode.UNKNOWN)

    def details(self):
        return self._status.message

    def initial_metadata(self):
        return ()

    def trailing_metadata(self):
        return (("grpc-status-details-bin", self._status.SerializeToString()),)

    def is_active(self):
        return False

    def time_remaining(self):
        return None

    def cancel(self):
        return False

    def add_callback(self, callback):
        return False

    def __str__(self):
        return f"{self.code().name}: {self.details()}"


SILENT = (grpc.StatusCode.UNAVAILABLE, "the server has told nothing for too long")


def failed(code: grpc.StatusCode, message: str) -> CallFailed:
    return CallFailed(status_pb2.Status(code=code.value[0], message=message))


class Carried(Future):
    """A call on its way; its result is a RunSessionResponse.Outcome."""

    def __init__(self, session: "Session", method: str, request: bytes, deadline: Deadline, traceparent: str,
                 cause: str, on_behalf_of: str):
        super().__init__()
        self.traceparent = traceparent
        self.cause = cause
        self.on_behalf_of = on_behalf_of
        self.session = session
        self.method = method
        self.request = request
        self.deadline = deadline
        self.id = 0
        self.sent = False

    def cancel(self):
        """Nobody waits for it any more. Whether it takes effect is open, as with every call that is cancelled."""
        cancelled = super().cancel()
        if cancelled:
            self.session.forget(self)
        return cancelled


class Session:
    """Thread-safe. One thread reads a stream and opens the next while calls are on their way, one of gRPC's writes, and one
    watches, since a stream may neither tell anything nor take what is written."""

    def __init__(self, open_channel: Callable[[], grpc.Channel], metadata: Sequence[Tuple[str, str]], patience: float,
                 silence: float):
        """Each stream has a channel of its own, so that what stands still goes with its connection. A broken one is tried
        again for `patience` seconds, and one is broken that tells nothing for `silence` seconds."""
        self._open_channel = open_channel
        self._metadata = metadata
        self._patience = patience
        self._silence = silence
        self._quiet = min(QUIET_SECONDS, silence / 2)
        self._changed = threading.Condition()
        # What follows is guarded by it.
        self._last_id = 0
        self._pending: Dict[int, Carried] = {}  # not told, in the order in which they were made
        self._unsent: Deque[Carried] = collections.deque()
        self._cancels: List[int] = []
        self._methods: Dict[str, int] = {}  # the numbers of the stream's methods
        self._stream: Optional[grpc.Call] = None  # the one that is written to
        self._turn: Optional[object] = None  # which one that is, also before there is a stream
        self._heard = 0.0
        self._reader: Optional[threading.Thread] = None
        self._closed = False

    def start(self, method: str, request: bytes, deadline: Deadline, traceparent: str, cause: str,
              on_behalf_of: str) -> Carried:
        """Makes a call of a method, by its full name."""
        call = Carried(self, method, request, deadline, traceparent, cause, on_behalf_of)
        with self._changed:
            if self._closed:
                raise ValueError("the channel is closed")
            if not self._pending:
                self._heard = time.monotonic()
            self._last_id += 1
            call.id = self._last_id
            self._pending[call.id] = call
            self._unsent.append(call)
            if self._reader is None:
                self._reader = threading.Thread(target=self._run, name="kith-session", daemon=True)
                self._reader.start()
            self._changed.notify_all()
        return call

    def forget(self, call: Carried) -> None:
        with self._changed:
            if self._pending.pop(call.id, None) is not None and call.sent:
                self._cancels.append(call.id)
            self._changed.notify_all()

    def close(self) -> None:
        """Waits until all is told; that ends, since a server that tells nothing is given up."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._pending)
            if self._stream is not None:
                self._stream.cancel()
            self._changed.notify_all()
            reader = self._reader
        if reader is not None:
            reader.join()

    def _run(self) -> None:
        """Opens streams, one after the other, as long as a call is on its way."""
        wait, broken_since = FIRST_SECONDS, None
        while True:
            with self._changed:
                if not self._pending and (self._closed or broken_since is not None):
                    self._reader = None
                    return
                # All that was not told, in its order: request ids see to it that each takes effect once.
                self._methods.clear()
                self._cancels.clear()
                for call in self._pending.values():
                    call.sent = False
                self._unsent = collections.deque(self._pending.values())
                self._heard = time.monotonic()
                turn = self._turn = object()
            failure = None
            channel = self._open_channel()
            stream = sessions_grpc.SessionsServiceStub(channel).RunSession(self._messages(turn), metadata=self._metadata)
            with self._changed:
                self._stream = stream
                if self._closed and not self._pending:
                    stream.cancel()
            over, silent = threading.Event(), threading.Event()
            watcher = threading.Thread(target=self._watch, args=(stream, over, silent), name="kith-watch", daemon=True)
            watcher.start()
            try:
                for response in stream:
                    wait, broken_since = FIRST_SECONDS, None
                    self._tell(response)
            except grpc.RpcError as error:
                failure = failed(*SILENT) if silent.is_set() else error
            over.set()
            now = time.monotonic()
            broken_since = broken_since or now
            with self._changed:
                self._stream = self._turn = None
                self._changed.notify_all()  # whoever writes to it ends
            channel.close()
            if failure is not None and failure.code() in LASTING or now - broken_since > self._patience:
                self._give_up(failure)
            with self._changed:
                self._changed.wait_for(lambda: not self._pending, timeout=wait)
            wait = min(wait * 2, MAX_SECONDS)

    def _watch(self, stream: grpc.Call, over: threading.Event, silent: threading.Event) -> None:
        """Ends a stream that tells nothing, and until it is over the calls whose deadline nobody has told of."""
        while not over.wait(min(LOOK_SECONDS, self._silence / 4)):
            now = time.monotonic()
            with self._changed:
                late = [call for call in self._pending.values()
                        if call.deadline.at is not None and now > call.deadline.at + GRACE_SECONDS]
                for call in late:
                    del self._pending[call.id]
                    if call.sent:
                        self._cancels.append(call.id)
                if late:
                    self._changed.notify_all()
                gives_up = bool(self._pending) and now - self._heard > self._silence
            for call in late:
                if call.set_running_or_notify_cancel():
                    call.set_exception(failed(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline has passed"))
            if gives_up:
                silent.set()
                stream.cancel()
                return

    def _messages(self, turn):
        """What is sent on a stream. Run by a thread of gRPC's, which asks for the next when it could send the last."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._turn is not turn or self._unsent or self._cancels or
                                       self._closed and not self._pending, timeout=self._quiet)
                if self._turn is not turn:
                    return
                message = self._filled()
                if not message.calls and not message.cancel:
                    if self._closed and not self._pending:
                        return
                    if not self._pending or time.monotonic() - self._heard < self._quiet:
                        continue
            yield message

    def _filled(self) -> sessions.RunSessionRequest:
        message = sessions.RunSessionRequest()
        size = 0
        while self._unsent and len(message.calls) < CALLS_A_MESSAGE:
            call = self._unsent[0]
            size += len(call.request)
            # One that is long goes alone: the server takes 4 MiB in a message.
            if message.calls and size > BYTES_A_MESSAGE:
                break
            self._unsent.popleft()
            if call.id not in self._pending:
                continue
            call.sent = True
            number = self._methods.get(call.method)
            if number is None:
                number = self._methods[call.method] = len(self._methods)
                message.methods.append(call.method)
            sent = message.calls.add(id=call.id, method=number, request=call.request, traceparent=call.traceparent,
                                     cause=call.cause, on_behalf_of=call.on_behalf_of)
            left = call.deadline.left()
            if left is not None:
                sent.timeout.FromNanoseconds(int(left * 1e9))
        message.cancel.extend(self._cancels[:CALLS_A_MESSAGE])
        del self._cancels[:CALLS_A_MESSAGE]
        return message

    def _tell(self, response: sessions.RunSessionResponse) -> None:
        with self._changed:
            self._heard = time.monotonic()
            told = [(self._pending.pop(outcome.id, None), outcome) for outcome in response.outcomes]
            if not self._pending:
                self._changed.notify_all()
        for call, outcome in told:
            if call is None or not call.set_running_or_notify_cancel():
                continue
            if outcome.status.code != 0:
                call.set_exception(CallFailed(outcome.status))
            else:
                call.set_result(outcome)

    def _give_up(self, failure: Optional[grpc.RpcError]) -> None:
        status = status_pb2.Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message="the server has ended the session")
        if failure is not None:
            status = status_pb2.Status(code=failure.code().value[0], message=failure.details())
            status.details.extend(packed_details(failure))
        given_up = CallFailed(status)
        given_up.given_up = True
        with self._changed:
            calls = list(self._pending.values())
            self._pending.clear()
            self._changed.notify_all()
        for call in calls:
            if call.set_running_or_notify_cancel():
                call.set_exception(given_up)
