// ConnectError: how the Connect protocol tells an error: a name for its code, a message for people,
// and the same details that gRPC has, each as bytes and, for people, as JSON. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace kith::edge {

// "not_found".
absl::string_view ConnectCode(int code);

// The HTTP status of a unary call's error: of an error of this room the one its comment names, 413
// of a request that takes more bytes than any valid one, of any other that of its code.
int HttpStatusOf(const google::rpc::Status& error);

// {"code":"not_found","message":"…","details":[{"type":"google.rpc.ErrorInfo","value":"…",
// "debug":{…}}]}
std::string ErrorJson(const google::rpc::Status& error);

// The last message of a stream: {} or {"error":{…}}.
std::string EndOfStreamJson(const google::rpc::Status& error);

}  // namespace kith::edge
