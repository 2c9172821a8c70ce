// ShortLinks: names that people write short, where what is around them says the rest.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "services/cli/calls/session.h"

namespace kith::cli {

// A link to a part of a record, as a deal's stage, of which only the last part was written, "won",
// becomes its whole name, "pipelines/default/stages/won". Which record it is a part of, the same
// message says in another field, or else the record that the request names, which is asked for.
// Where neither says it, the link stays as it is.
absl::Status CompleteLinks(Session& session, google::protobuf::Message* request);

}  // namespace kith::cli
