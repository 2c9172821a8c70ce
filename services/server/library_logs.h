// What the libraries below Kith say of themselves becomes a part of the server's log: they would
// write to stderr on whatever thread they are on, and wait there where nobody reads it.
#pragma once

namespace kith::server {

// From now on gRPC and protobuf log through eventstore/base/log.h: what they hold for errors as
// warnings, the rest at level debug. Once, before their first line.
void TakeLibraryLogs();

}  // namespace kith::server
