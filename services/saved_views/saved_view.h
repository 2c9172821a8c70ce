// The saved view: a list that is asked for again and again. It lists what the server lists, shows
// fields that there are, and asks what the list takes.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/saved_views/v1/saved_view.pb.h"
#include "kith/saved_views/v1/saved_view_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::saved_views {

struct SavedViewAggregate : ResourceAggregate<v1::SavedView, v1::SavedViewEvent> {
  static constexpr absl::string_view kCategory = "savedViews";
};

const ResourceRules& Rules();

}  // namespace kith::saved_views
