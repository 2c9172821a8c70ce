// SavedList: `--view NAME` of a list: the saved view of that name, laid over what else was asked.
// Lists of every resource have it. One thread at a time.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// Whether a saved view can say what the list lists: it lists a resource, by a filter and an order.
bool TakesSavedView(const Method& list);

// Asks the server for the saved view, by its resource name or by its display name among those of
// the list's collection, as it is now, and completes the request: its filter holds beside the one
// there is, its order where there is none. Answers the fields that it shows; none where it leaves
// that to the list. Fails where there is none of that name, or several, or it is of another
// collection.
absl::StatusOr<std::vector<Path>> ApplySavedView(Session& session, const Method& list,
                                                 absl::string_view view,
                                                 google::protobuf::Message* request);

}  // namespace kith::cli
