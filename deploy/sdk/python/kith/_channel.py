"""The channel that generated stubs take."""
import threading
import time
import uuid
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Callable, NamedTuple, Optional, Sequence, Tuple

import grpc
from google.protobuf.message import Message

from kith._retry import Deadline, Retries
from kith._session import GRACE_SECONDS, Carried, Session, failed

Metadata = Sequence[Tuple[str, Any]]
# A channel has a connection of its own; one that is lost is looked for again soon, and not as rarely as gRPC by itself does.
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 100),
           ("grpc.max_reconnect_backoff_ms", 2000)]


def connect(address: str, *, key: str, session: bool = False, reads: str = "all", patience: float = 30.0, silence: float = 60.0,
            credentials: Optional[grpc.ChannelCredentials] = None, options: Sequence[Tuple[str, Any]] = ()) -> "Channel":
    """A channel to the server at "host:port", which connects with the first call. `key` is an API key.

    `session` carries unary calls over one stream. `reads` is what a read must see that says nothing of its moment or
    freshness: "all" that anybody was told to have changed, or this client's "own" changes, for which it waits less.
    `patience` is for how many seconds after its first failure a call is tried again. `silence` is for how many a session's
    connection may tell nothing while calls are on their way before it counts as broken: longer than the longest call takes.
    """
    if reads not in ("all", "own"):
        raise ValueError('reads is "all" or "own"')
    def open_channel():
        every = [*OPTIONS, *options]
        return grpc.secure_channel(address, credentials, every) if credentials else grpc.insecure_channel(address, every)

    return Channel(open_channel, key=key, session=session, reads=reads, patience=patience, silence=silence)


class Channel(grpc.Channel):
    """Thread-safe. Unary calls are as Kith wants them; streams get the key, and are otherwise gRPC's."""

    def __init__(self, open_channel: Callable[[], grpc.Channel], *, key: str, session: bool, reads: str, patience: float,
                 silence: float):
        self._base = open_channel()
        self._key_metadata = (("authorization", f"Bearer {key}"),)
        self._keyed = grpc.intercept_channel(self._base, _Key(self._key_metadata))
        self._session = Session(open_channel, self._key_metadata, patience, silence) if session else None
        self._patience = patience
        self._own = OwnChanges() if reads == "own" else None

    @property
    def token(self) -> str:
        """Of reads="own": what a client of another process is given as its token, to read what this one has changed.
        Empty where nothing has changed, or where several changes at once have, and a read waits for everybody's."""
        return self._own.token if self._own else ""

    @token.setter
    def token(self, value: str) -> None:
        if self._own is None:
            raise ValueError('a token is for reads="own"')
        self._own.token = value

    def unary_unary(self, method, request_serializer=None, response_deserializer=None):
        return _Unary(self, method, response_deserializer)

    def unary_stream(self, method, request_serializer=None, response_deserializer=None):
        return self._keyed.unary_stream(method, request_serializer, response_deserializer)

    def stream_unary(self, method, request_serializer=None, response_deserializer=None):
        return self._keyed.stream_unary(method, request_serializer, response_deserializer)

    def stream_stream(self, method, request_serializer=None, response_deserializer=None):
        return self._keyed.stream_stream(method, request_serializer, response_deserializer)

    def subscribe(self, callback, try_to_connect=False):
        self._base.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback):
        self._base.unsubscribe(callback)

    def close(self):
        """Of a session: when every call is told."""
        if self._session is not None:
            self._session.close()
        self._base.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Details(NamedTuple):
    """Of a call, as an interceptor hands them on."""

    method: str
    timeout: Optional[float]
    metadata: Optional[Metadata]
    credentials: Optional[grpc.CallCredentials]
    wait_for_ready: Optional[bool]
    compression: Optional[grpc.Compression]


class _Key(grpc.UnaryStreamClientInterceptor, grpc.StreamUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Adds the key."""

    def __init__(self, metadata: Metadata):
        self._metadata = metadata

    def _intercept(self, continuation, details, request):
        with_key = _Details(details.method, details.timeout, (*(details.metadata or ()), *self._metadata), details.credentials,
                         details.wait_for_ready, details.compression)
        return continuation(with_key, request)

    intercept_unary_stream = intercept_stream_unary = intercept_stream_stream = _intercept


class OwnChanges:
    """The token that reads see a client's own changes with. Thread-safe.

    Tokens of changes cannot be compared. Where several were on their way at once, it is not known whose is the last, and
    there is no token until a change that began after all of them is told: a read without one waits for everything.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._told = 0
        self.token = ""

    def begin(self) -> int:
        with self._lock:
            return self._told

    def tell(self, began: int, token: str) -> None:
        with self._lock:
            self.token = token if self._told == began else ""
            self._told += 1


class Answer(NamedTuple):
    """A reply as it came."""

    reply: bytes
    metadata: Metadata


class _Request:
    """What is sent of a request, the same each time that it is."""

    def __init__(self, channel: Channel, request: Message):
        self.bytes = request.SerializeToString()
        self._own = channel._own
        self.changes = False
        fields = request.DESCRIPTOR.fields_by_name
        # What stands last of a field counts, and what is set in a message twice is merged.
        if "request_id" in fields:
            self.changes = True
            if not request.request_id:
                self.bytes += type(request)(request_id=uuid.uuid4().hex).SerializeToString()
        elif self._own is not None and "read" in fields and self._own.token:
            read = request.read
            if read.WhichOneof("as_of") is None and read.WhichOneof("freshness") is None:
                more = type(request)()
                more.read.at_least = self._own.token
                self.bytes += more.SerializeToString()
        self._began = self._own.begin() if self._own is not None and self.changes else 0

    def tell(self, metadata: Metadata) -> None:
        if self._own is not None and self.changes:
            self._own.tell(self._began, dict(metadata).get("kith-token", ""))


class _Told(grpc.Call):
    """What `with_call` answers of a call that was carried by a session."""

    def __init__(self, metadata: Metadata):
        self._metadata = metadata

    def initial_metadata(self):
        return self._metadata

    def trailing_metadata(self):
        return ()

    def code(self):
        return grpc.StatusCode.OK

    def details(self):
        return ""

    def is_active(self):
        return False

    def time_remaining(self):
        return None

    def cancel(self):
        return False

    def add_callback(self, callback):
        return False


class _Unary(grpc.UnaryUnaryMultiCallable):
    """A unary method. A session heeds `timeout` and, of the metadata, `traceparent`, `kith-cause` and `kith-on-behalf-of`; the
    rest is gRPC's alone."""

    def __init__(self, channel: Channel, method: str, deserialize: Callable[[bytes], Message]):
        self._channel = channel
        self._method = method
        self._deserialize = deserialize
        self._grpc = channel._base.unary_unary(method)

    def __call__(self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None):
        return self.with_call(request, timeout, metadata, credentials, wait_for_ready, compression)[0]

    def with_call(self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None):
        sent = _Request(self._channel, request)
        deadline = Deadline(timeout)
        retries = Retries(deadline, self._channel._patience)
        while True:
            try:
                if self._channel._session is not None:
                    answer = _wait_for(self._carry(sent, deadline, metadata), deadline)
                    call = _Told(answer.metadata)
                else:
                    reply, call = self._grpc.with_call(
                        sent.bytes, timeout=deadline.left(), metadata=(*(metadata or ()), *self._channel._key_metadata),
                        credentials=credentials, wait_for_ready=wait_for_ready, compression=compression)
                    answer = Answer(reply, call.initial_metadata())
            except grpc.RpcError as failure:
                wait = retries.wait_after(failure)
                if wait is None:
                    raise
                time.sleep(wait)
                continue
            sent.tell(answer.metadata)
            return self._deserialize(answer.reply), call

    def future(self, request, timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None):
        """A concurrent.futures.Future of the reply."""
        deadline = Deadline(timeout)

        def start():
            if self._channel._session is not None:
                return self._carry(sent, deadline, metadata)
            return self._grpc.future(
                sent.bytes, timeout=deadline.left(), metadata=(*(metadata or ()), *self._channel._key_metadata),
                credentials=credentials, wait_for_ready=wait_for_ready, compression=compression)

        sent = _Request(self._channel, request)
        return _Reply(start, sent, Retries(deadline, self._channel._patience), self._deserialize)

    def _carry(self, sent: _Request, deadline: Deadline, metadata: Optional[Metadata]) -> Carried:
        said = dict(metadata or ())
        return self._channel._session.start(self._method[1:], sent.bytes, deadline, said.get("traceparent", ""),
                                            said.get("kith-cause", ""), said.get("kith-on-behalf-of", ""))


def _answer(attempt, timeout: Optional[float]) -> Answer:
    """Of a future of gRPC's or of a session's, when it is there."""
    if not isinstance(attempt, Carried):
        return Answer(attempt.result(), attempt.initial_metadata())
    outcome = attempt.result(timeout)
    metadata = [("kith-token", outcome.token)] if outcome.token else []
    if outcome.repeated:
        metadata.append(("kith-repeated", "true"))
    return Answer(outcome.reply, metadata)


def _wait_for(carried: Carried, deadline: Deadline) -> Answer:
    left = deadline.left()
    try:
        return _answer(carried, None if left is None else left + GRACE_SECONDS)
    except FutureTimeout:
        carried.cancel()
        raise failed(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline has passed") from None


class _Reply(Future):
    """Of a call that is begun again as long as its failures are no outcome."""

    def __init__(self, start, sent: _Request, retries: Retries, deserialize):
        super().__init__()
        self._start_again = start
        self._sent = sent
        self._retries = retries
        self._deserialize = deserialize
        self._attempt = None
        self._start()

    def _start(self) -> None:
        try:
            self._attempt = self._start_again()
        except ValueError as error:  # the channel was closed meanwhile
            if self.set_running_or_notify_cancel():
                self.set_exception(error)
            return
        self._attempt.add_done_callback(self._done)

    def _done(self, attempt) -> None:
        if self.cancelled():
            return
        try:
            answer = _answer(attempt, None)
        except grpc.RpcError as failure:
            wait = self._retries.wait_after(failure)
            if wait is not None:
                timer = threading.Timer(wait, self._start)
                timer.daemon = True
                timer.start()
            elif self.set_running_or_notify_cancel():
                self.set_exception(failure)
            return
        self._sent.tell(answer.metadata)
        if self.set_running_or_notify_cancel():
            self.set_result(self._deserialize(answer.reply))

    def cancel(self):
        cancelled = super().cancel()
        if cancelled and self._attempt is not None:
            self._attempt.cancel()
        return cancelled
