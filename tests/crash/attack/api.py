"""The API as the attack calls it: any unary method by its name, and what came back as a value."""

import dataclasses
import importlib
import threading
import time

import grpc
from google.rpc import error_details_pb2, status_pb2

SERVICES = {
    "contacts": "contacts", "deals": "deals", "pipelines": "deals", "events": "events", "forecast": "forecast",
    "interactions": "interactions", "sessions": "sessions", "users": "users", "workspaces": "workspaces"}

# Whether the change was made is not known after these; any other failure says that it was not.
UNKNOWN_OUTCOMES = {
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS}


@dataclasses.dataclass
class Answer:
    """A reply, or why there is none."""

    reply: object = None
    code: grpc.StatusCode = grpc.StatusCode.OK
    reason: str = ""
    text: str = ""

    @property
    def ok(self):
        return self.code == grpc.StatusCode.OK

    @property
    def unknown(self):
        return self.code in UNKNOWN_OUTCOMES

    def __str__(self):
        return "OK" if self.ok else f"{self.code.name} [{self.reason}] {self.text}"


def reason_of(error):
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo()
                detail.Unpack(info)
                return info.reason
    return ""


def find_methods():
    """Method name → (path, request class, reply class)."""
    methods = {}
    for name, package in SERVICES.items():
        module = importlib.import_module(f"kith.{package}.v1.{name}_service_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                classes = [getattr(importlib.import_module(kind.file.name[:-len(".proto")].replace("/", ".") + "_pb2"),
                                   kind.name) for kind in (method.input_type, method.output_type)]
                methods[method.name] = (f"/{service.full_name}/{method.name}", *classes)
    return methods


METHODS = find_methods()


class Api:
    """One connection with one key. Any thread."""

    TIMEOUT_SECONDS = 60
    PATIENCE_SECONDS = 120  # of waiting for all answers together, from the start of a server

    def __init__(self, address, key, options=()):
        """The options are those of a gRPC channel."""
        self.channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1), *options])
        self.metadata = (("authorization", f"Bearer {key}"),)
        self.patience = self.PATIENCE_SECONDS
        self.lock = threading.Lock()
        self.callables = {}

    def close(self):
        self.channel.close()

    def _callable(self, method, kind):
        with self.lock:
            if method not in self.callables:
                path, request, reply = METHODS[method]
                self.callables[method] = getattr(self.channel, kind)(
                    path, request_serializer=request.SerializeToString, response_deserializer=reply.FromString)
            return self.callables[method]

    def call(self, method, request=None, timeout=TIMEOUT_SECONDS):
        if request is None:
            request = METHODS[method][1]()
        try:
            return Answer(self._callable(method, "unary_unary")(request, metadata=self.metadata, timeout=timeout))
        except grpc.RpcError as error:
            return Answer(None, error.code(), reason_of(error), error.details())

    def patiently(self, ask):
        """Asks until the answer is no longer that it is too early: a view may be behind, or be folded anew."""
        while True:
            asked = time.monotonic()
            answer = ask()
            too_early = answer.unknown and answer.code != grpc.StatusCode.DATA_LOSS
            if not too_early or self.patience <= 0:
                return answer
            time.sleep(0.05)
            self.patience -= time.monotonic() - asked

    def stream(self, method, request, timeout=TIMEOUT_SECONDS):
        """Every message of a stream that the server ends."""
        try:
            return Answer(list(self._callable(method, "unary_stream")(request, metadata=self.metadata,
                                                                     timeout=timeout)))
        except grpc.RpcError as error:
            return Answer(None, error.code(), reason_of(error), error.details())

    def ingest(self, messages, timeout=TIMEOUT_SECONDS):
        """Results as (message index, item index) → result, those that came, and how the stream ended."""
        results = {}
        answer = Answer(results)
        # Taken as bytes in both ways, so that it does not matter whether results come as they are made or at the end.
        path, _, reply = METHODS["IngestInteractions"]
        stream = self.channel.stream_stream(path, response_deserializer=reply.FromString)(
            (message.SerializeToString() for message in messages), metadata=self.metadata, timeout=timeout)
        try:
            for part in stream:
                for result in part.results:
                    results[result.message_index, result.item_index] = result
        except grpc.RpcError as error:
            answer = Answer(results, error.code(), reason_of(error), error.details())
        return answer
