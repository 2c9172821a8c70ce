// Calls that go alone: what a session does, with a stream for each call. Internal to the SDK.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "kith/session.h"

namespace kith::sdk {

// Nothing is tried again, and a request goes as it is. An outcome that the server has not told, as
// that of a connection that broke, is unknown.
std::unique_ptr<Session> OpenAlone(std::shared_ptr<grpc::Channel> channel, const std::string& key);

}  // namespace kith::sdk
