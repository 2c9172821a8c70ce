// AskedColumns: columns of a list that are no fields of its items, as the server says them only
// when it is asked about one record: "score" and "probability".
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// About so many items of a list the server is asked, each by a call.
inline constexpr size_t kAskedMax = 1000;

// Those that records of this type have beside their fields.
std::vector<std::string> AskedColumns(const Catalog& catalog,
                                      const google::protobuf::Descriptor& type);

// The path of one, of a type that has it.
Path AskedPath(const google::protobuf::Descriptor& type, absl::string_view asked);

// Asks for what such columns say of the items, as of the moment that `request` asks about, and adds
// it to `names`, by AskedKey. What the caller may not know, or is of an item beyond kAskedMax, is
// left out, and said on the session's `err`.
void AskColumns(Session& session, const std::vector<Path>& columns,
                const std::vector<const google::protobuf::Message*>& items,
                const google::protobuf::Message& request, CalledNames* names);

}  // namespace kith::cli
