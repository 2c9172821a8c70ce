// Event text: an event of the log in a few words.
#pragma once

#include <google/protobuf/any.pb.h>

#include <string>

#include "absl/strings/string_view.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// The fields of an event that are set, "to_stage=…/negotiation dwell=3d": of the resource an event
// carries, those its proto marks as columns; of an update, those its mask names. Names that say
// only what its stream says are left out. A type that this program does not know is named.
std::string EventText(const google::protobuf::Any& payload, absl::string_view stream,
                      const Style& style);

}  // namespace kith::cli
