#!/usr/bin/env python3
"""A small client: follows the log of a workspace and prints what happens.

  deploy/sdk/make python --out build/python
  PYTHONPATH=build/python client.py ADDRESS KEY [COUNT]     (COUNT: stop after so many events)
"""

import sys

import kith
from kith.contacts.v1 import contact_events_pb2  # noqa: F401  (so that payloads of contacts can be read)
from kith.deals.v1 import deal_events_pb2, pipeline_events_pb2  # noqa: F401
from kith.events.v1 import events_service_pb2, events_service_pb2_grpc


def main():
    address, key = sys.argv[1:3]
    remaining = int(sys.argv[3]) if len(sys.argv) > 3 else None
    stub = events_service_pb2_grpc.EventsServiceStub(kith.connect(address, key=key))
    stream = stub.SubscribeEvents(events_service_pb2.SubscribeEventsRequest())
    for message in stream:
        if message.WhichOneof("message") == "caught_up":
            print(f"caught up at {message.caught_up.sequence}; what follows is live")
        for event in message.events.events:
            print(f"{event.sequence:6} {event.occur_time.ToJsonString()} {event.type:20} {event.stream}")
            if remaining is not None:
                remaining -= 1
                if remaining == 0:
                    stream.cancel()
                    return


if __name__ == "__main__":
    main()
