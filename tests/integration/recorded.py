"""Waits for what kithd records. The stubs are on the path."""

from kith.events.v1 import events_service_pb2 as events
from kith.events.v1 import events_service_pb2_grpc

SECONDS = 120  # within which everything happens


def await_events(kithd, types=(), count=1, prefix=""):
    """Until there are so many events of these types, all where none is named, in streams that begin with `prefix`."""
    request = events.SubscribeEventsRequest()
    request.filter.stream_prefix = prefix
    request.filter.types.extend(types)
    stub = events_service_pb2_grpc.EventsServiceStub(kithd.channel)
    subscription = stub.SubscribeEvents(request, metadata=kithd.metadata, timeout=SECONDS)
    for response in subscription:
        count -= len(response.events.events)
        if count <= 0:
            subscription.cancel()
            return
    raise AssertionError("the subscription ended")
