"""Calls any method of Kith by its name, with requests and replies as JSON: nothing here knows a capability.

The protos are given as a descriptor set. With those of an old version this is an old client: fields that are newer than
it are not in what it reads.
"""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

# What is left out of replies: tokens, which each version may write in its own way, and the texts of errors.
LEFT_OUT = ("nextPageToken", "token", "message")


def pool_of(protos):
    """The messages and services of a serialised FileDescriptorSet."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(protos).file:
        pool.Add(file)
    return pool


def cleaned(value):
    """A reply without what is left out."""
    if isinstance(value, dict):
        return {name: cleaned(part) for name, part in value.items() if name not in LEFT_OUT}
    if isinstance(value, list):
        return [cleaned(part) for part in value]
    return value


def join(whole, part):
    """Adds the next page of a list, or the next message of a stream: how they are divided is not compared."""
    for name, value in part.items():
        if isinstance(value, list):
            whole.setdefault(name, []).extend(value)
        else:
            whole[name] = value


class Rpc:
    """A server, the key its methods are called with, and the protos they are called by."""

    def __init__(self, pool, address, key):
        self.pool = pool
        self.factory = message_factory.MessageFactory(pool)
        self.channel = grpc.insecure_channel(address)
        self.metadata = (("authorization", f"Bearer {key}"),)
        self.token = ""  # of the last reply: the moment that it reflects

    def close(self):
        self.channel.close()

    def call(self, method, request):
        """The reply of "contacts.v1.ContactsService/GetContact", or {"error": its code, "reason": its reason}."""
        whole = {}
        try:
            while True:
                part = self.exchange(method, request)
                join(whole, part)
                if not part.get("nextPageToken"):
                    return cleaned(whole)
                request = dict(request, pageToken=part["nextPageToken"])
        except grpc.RpcError as error:
            return {"error": error.code().name, "reason": self.reason_of(error)}

    def exchange(self, method, request):
        """One call. On the wire a single message is a stream of one, so every method is called as one of streams."""
        service, name = method.split("/")
        descriptor = self.pool.FindServiceByName(f"kith.{service}").FindMethodByName(name)
        message = json_format.ParseDict(request, self.factory.GetPrototype(descriptor.input_type)(),
                                        descriptor_pool=self.pool)
        responses = self.channel.stream_stream(
            f"/kith.{method}", request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=self.factory.GetPrototype(descriptor.output_type).FromString)(
                iter([message]), metadata=self.metadata, timeout=60)
        reply = {}
        for response in responses:
            join(reply, json_format.MessageToDict(response, descriptor_pool=self.pool))
        self.token = dict(responses.initial_metadata()).get("kith-token", "")
        return reply

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def reason_of(self, error):
        """The reason that a failed call gives to programs."""
        for key, value in error.trailing_metadata():
            if key == "grpc-status-details-bin":
                for detail in self.message("google.rpc.Status").FromString(value).details:
                    info = self.message("google.rpc.ErrorInfo")()
                    if detail.Unpack(info):
                        return info.reason
        return ""
