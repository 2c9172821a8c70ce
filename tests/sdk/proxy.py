"""A proxy before a Kith server that does to clients what networks do: it answers UNAVAILABLE for what has taken effect.

The first time that it sees a request whose text has "unavailable once", the server carries it out, and the client is told
UNAVAILABLE; with "exhausted once" it is told RESOURCE_EXHAUSTED with RetryInfo, and with "twice" it is so twice. The
first session is cut when the server tells something, before the client is told. What came is counted.

One that swallows tells nothing in its first two sessions, until the client gives them up: of the first it reads what is
sent, of the second nothing. Their calls do not reach the server.
"""
import collections
import threading
from concurrent import futures

import grpc
import kith  # noqa: F401  (brings google.rpc)
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from kith.sessions.v1 import sessions_service_pb2 as sessions

RUN_SESSION = "/kith.sessions.v1.SessionsService/RunSession"


def unavailable():
    return status_pb2.Status(code=code_pb2.UNAVAILABLE, message="the proxy says so")


def exhausted():
    status = status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message="the proxy says so")
    status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(nanos=1_000_000)))
    return status


class Proxy(grpc.GenericRpcHandler):
    def __init__(self, address, swallows=False):
        self.swallows = swallows
        self.swallowed = []  # requests, as they came
        self.upstream = grpc.insecure_channel(address)
        self.lock = threading.Lock()
        self.times = collections.Counter()  # how often a request came
        self.sessions = 0
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def stop(self):
        self.server.stop(None).wait()
        self.upstream.close()

    def service(self, details):
        if details.method == RUN_SESSION:
            return grpc.stream_stream_rpc_method_handler(self.session)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self.unary(details.method, request, context))

    def verdict(self, request):
        """What the client is told instead of the outcome; None for the outcome."""
        with self.lock:
            self.times[request] += 1
            times = self.times[request]
        if times == 1 and b"unavailable once" in request:
            return unavailable()
        if times == 1 and b"exhausted once" in request or times <= 2 and b"exhausted twice" in request:
            return exhausted()
        return None

    def unary(self, method, request, context):
        try:
            reply, call = self.upstream.unary_unary(method).with_call(request, metadata=kept(context.invocation_metadata()))
            status = self.verdict(request)
        except grpc.RpcError as error:
            self.verdict(request)
            context.set_trailing_metadata(kept(error.trailing_metadata()))
            context.abort(error.code(), error.details())
        if status is not None:
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNAVAILABLE if status.code == code_pb2.UNAVAILABLE
                          else grpc.StatusCode.RESOURCE_EXHAUSTED, status.message)
        context.send_initial_metadata(kept(call.initial_metadata()))
        return reply

    def swallow(self, messages, context):
        over = threading.Event()
        if not context.add_callback(over.set):
            return
        try:
            for message in messages:
                self.swallowed += (call.request for call in sessions.RunSessionRequest.FromString(message).calls)
        except grpc.RpcError:
            pass  # it is given up
        over.wait()

    def session(self, messages, context):
        with self.lock:
            self.sessions += 1
            number = self.sessions
        if self.swallows and number <= 2:
            self.swallow(messages if number == 1 else (), context)
            return
        first = number == 1
        requests = {}

        def noted():
            for message in messages:
                for call in sessions.RunSessionRequest.FromString(message).calls:
                    requests[call.id] = call.request
                yield message

        upstream = self.upstream.stream_stream(RUN_SESSION)(noted(), metadata=kept(context.invocation_metadata()))
        context.add_callback(upstream.cancel)
        try:
            for told in upstream:
                if first:
                    context.abort(grpc.StatusCode.UNAVAILABLE, "the proxy cuts the first session")
                response = sessions.RunSessionResponse.FromString(told)
                for outcome in response.outcomes:
                    status = self.verdict(requests[outcome.id])
                    if status is not None:
                        outcome.CopyFrom(sessions.RunSessionResponse.Outcome(id=outcome.id, status=status))
                yield response.SerializeToString()
        except grpc.RpcError as error:
            context.set_trailing_metadata(kept(error.trailing_metadata()))
            context.abort(error.code(), error.details())


def kept(metadata):
    """Without what gRPC adds by itself."""
    return tuple((key, value) for key, value in metadata or ()
                 if key.startswith(("kith-", "grpc-status-details")) or key in ("authorization", "traceparent"))
