#!/usr/bin/env python3
"""A small client: follows the log of a workspace and prints what happens.

  protoc -I proto -I "$GOOGLEAPIS" --python_out=stubs --grpc_out=stubs \\
         --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin $(cd proto && find kith -name '*.proto') \\
         google/rpc/status.proto google/rpc/error_details.proto google/type/date.proto google/type/money.proto
  client.py STUBS ADDRESS KEY [COUNT]     (COUNT: stop after so many events)
"""

import sys

sys.path.insert(0, sys.argv[1])

import grpc  # noqa: E402
from kith.contacts.v1 import contact_events_pb2  # noqa: E402,F401  (so that payloads of contacts can be read)
from kith.deals.v1 import deal_events_pb2, pipeline_events_pb2  # noqa: E402,F401
from kith.events.v1 import events_service_pb2, events_service_pb2_grpc  # noqa: E402


def main():
    address, key = sys.argv[2:4]
    remaining = int(sys.argv[4]) if len(sys.argv) > 4 else None
    stub = events_service_pb2_grpc.EventsServiceStub(grpc.insecure_channel(address))
    stream = stub.SubscribeEvents(events_service_pb2.SubscribeEventsRequest(),
                                  metadata=(("authorization", f"Bearer {key}"),))
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
