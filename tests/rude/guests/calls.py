"""Calls that are wrong: of unknown methods, with wrong keys, with messages that are none, of every method there is."""

import importlib
import random

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor
from kith.workspaces.v1 import workspaces_service_pb2

from attack.api import SERVICES, Answer, Api, reason_of

from .witness import DEADLINE_SECONDS, OWN_CONNECTION

OVERSIZE_BYTES = 5 << 20
NO_TAG = b"\x07"  # a field 0 of a type that there is not: no message begins so
BAD_TEXT = b"caf\xe9 \xff\xfe"


class Method:
    """One method of the protos, and the kind of call that it is."""

    def __init__(self, descriptor):
        proto = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(proto)
        self.name = descriptor.name
        self.path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        self.request = descriptor.input_type
        self.streams = proto.server_streaming
        self.takes_stream = proto.client_streaming

    def ask(self, api, payload, metadata=None, timeout=DEADLINE_SECONDS):
        """With these bytes as the message. Of a stream what it ends with, before it says anything."""
        metadata = api.metadata if metadata is None else metadata
        try:
            if not self.streams:
                return Answer(api.channel.unary_unary(self.path)(payload, metadata=metadata, timeout=timeout))
            if self.takes_stream:
                stream = api.channel.stream_stream(self.path)(iter([payload]), metadata=metadata, timeout=timeout)
            else:
                stream = api.channel.unary_stream(self.path)(payload, metadata=metadata, timeout=timeout)
            replies = []
            for reply in stream:
                replies.append(reply)
                if len(replies) > 2:
                    stream.cancel()
                    break
            return Answer(replies)
        except grpc.RpcError as error:
            return Answer(None, error.code(), reason_of(error), error.details())


def methods():
    """All that the protos declare."""
    for name, package in SERVICES.items():
        module = importlib.import_module(f"kith.{package}.v1.{name}_service_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield Method(method)


def _api(house):
    return Api(house.address, house.guest, OWN_CONNECTION)


def unknown_methods(house):
    """Paths that nothing is bound to."""
    api = _api(house)
    paths = ["/kith.contacts.v1.ContactsService/Nope", "/kith.contacts.v1.ContactsService/", "/kith.nope.v1.Nope/Get",
             "/nope", "/", "/" + "n" * 5000, "/../../etc/passwd", "/kith.contacts.v1.ContactsService/GetContact/x"]
    for path in paths:
        for kind in ("unary_unary", "unary_stream", "stream_stream"):
            try:
                request = iter([b""]) if kind == "stream_stream" else b""
                reply = getattr(api.channel, kind)(path)(request, metadata=api.metadata, timeout=DEADLINE_SECONDS)
                answer = Answer(reply if kind == "unary_unary" else list(reply))
            except grpc.RpcError as error:
                answer = Answer(None, error.code(), "", error.details())
            right = answer.code in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.RESOURCE_EXHAUSTED)
            yield f"{kind} {path[:60]}", [] if right else [f"is answered {answer}"]
    api.close()


def wrong_keys(house):
    """Every method, with every kind of key that is none."""
    api = _api(house)
    revoked = _revoked(house)
    keys = {"none": None, "an empty one": "", "a wrong one": "nobody", "nearly one": house.guest[:-1], "a revoked one": revoked,
            "one letter off": house.guest[:-1] + ("a" if house.guest[-1] != "a" else "b"), "a long one": "k" * 6000}
    for method in methods():
        for name, key in keys.items():
            metadata = () if key is None else (("authorization", f"Bearer {key}"),)
            answer = method.ask(api, b"", metadata)
            right = answer.code == grpc.StatusCode.UNAUTHENTICATED and answer.reason == "UNAUTHENTICATED"
            yield f"{method.name} with {name}", [] if right else [f"is answered {answer}"]
    api.close()
    # gRPC refuses it, and may close the connection before the client has sent all.
    for method in methods():
        api = _api(house)
        answer = method.ask(api, b"", (("authorization", "Bearer " + "k" * 30000),))
        right = answer.code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
        yield f"{method.name} with one that is too long", [] if right else [f"is answered {answer}"]
        api.close()


def _revoked(house):
    api = _api(house)
    create = workspaces_service_pb2.CreateApiKeyRequest()
    create.api_key.display_name = "Revoked"
    create.api_key.permissions.append("*")
    made = api.call("CreateApiKey", create)
    if made.ok:
        gone = api.call("RevokeApiKey", workspaces_service_pb2.RevokeApiKeyRequest(name=made.reply.api_key.name))
    if not made.ok or not gone.ok:
        raise RuntimeError(f"no key to revoke: {made}")
    api.close()
    return made.reply.secret


def no_messages(house):
    """Every method, with bytes that are no message of it: random ones, text that is not UTF-8 in each of its fields, a
    message that is cut, one that is too long."""
    rng = random.Random(f"{house.scale.seed}.calls")
    guest, operator = _api(house), Api(house.address, house.server.key, OWN_CONNECTION)
    for method in methods():
        refused = method.ask(guest, NO_TAG).code == grpc.StatusCode.PERMISSION_DENIED
        api = operator if refused else guest
        tries = [("random bytes", NO_TAG + rng.randbytes(rng.randrange(1, 2000)))]
        tries += [(f"bad text in {path}", payload) for path, payload in _bad_texts(method.request)]
        tries.append(("a cut message", _cut(method.request)))
        for what, payload in tries:
            answer = method.ask(api, payload)
            right = answer.code == grpc.StatusCode.INVALID_ARGUMENT and answer.reason
            yield f"{method.name} with {what}", [] if right else [f"is answered {answer}"]
        answer = method.ask(api, bytes(OVERSIZE_BYTES))
        right = answer.code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)
        yield f"{method.name} with {OVERSIZE_BYTES >> 20} MiB", [] if right else [f"is answered {answer}"]
    guest.close()
    operator.close()


def _tag(field, wire_type):
    number = field.number << 3 | wire_type
    return bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))


def _bad_texts(message, depth=3):
    """(path of a text field, bytes of a message where it is no UTF-8)."""
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield field.name, _tag(field, 2) + bytes((len(BAD_TEXT),)) + BAD_TEXT
        elif field.type == FieldDescriptor.TYPE_MESSAGE and depth > 0:
            for path, payload in _bad_texts(field.message_type, depth - 1):
                yield f"{field.name}.{path}", _tag(field, 2) + bytes((len(payload),)) + payload


def _cut(message):
    """A field that claims to be longer than what is there, of the message's own where it has one."""
    longest = next((field for field in message.fields
                    if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE)), None)
    return (_tag(longest, 2) if longest is not None else b"\x0a") + b"\x7fcut"
