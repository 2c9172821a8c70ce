// Request: the message of a call, made from the flags of a command.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/calls/arguments.h"
#include "services/cli/calls/catalog.h"

namespace kith::cli {

// The path, from the request, of the field that a flag names: a field of the request goes first,
// then one of the method's body. Empty where neither has it.
std::string FlagPath(const Method& method, absl::string_view flag);

// Whether a flag names what is in the resource: a field of the method's body that says neither
// which resource nor which of its revisions is meant. An empty one empties the field.
bool IsContent(const Method& method, absl::string_view flag);

// The flags a command takes, as FlagPath understands them; those the server sets itself are left
// out.
std::vector<std::string> FlagsOf(const Method& method);

// Builds a request for `method`:
//   the word without a flag     goes to the method's positional field; several where it is a list
//   --data JSON|@file|-         the whole body, or the whole request of a method without one
//   --clear FIELD               in an update: the field becomes empty
//   --as-of MOMENT              see SetAsOf
//   --custom KEY=VALUE          an entry of that map, as --custom.KEY VALUE
//   --columns A,B               the elements of that field, as those of several flags
//   every other flag            a field, see SetField
// An update's mask names the fields given. A name may be short, "x" for "deals/x". Fails with
// InvalidArgument naming the flag, and suggesting another for one that does not exist.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> BuildRequest(const Method& method,
                                                                        Arguments arguments);

// Sets the moment a read is asked at, in the request's kith.type.v1.ReadOptions: "@1234" is the
// number of an event, what ParseMoment understands a time (in the zone of this machine), and what
// might be one, a token. Fails for methods that are always about now, and on a time more than a day
// ahead.
absl::Status SetAsOf(const Method& method, absl::string_view moment,
                     google::protobuf::Message* request);

// Sets the request id, where the request takes one and has none.
void SetRequestId(google::protobuf::Message* request, absl::string_view id);

}  // namespace kith::cli
