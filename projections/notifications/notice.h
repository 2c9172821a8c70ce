// What policies that tell people of something have in common.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "kith/notifications/v1/notification.pb.h"
#include "projections/reactions/policy.h"

namespace kith::notifications {

// What happened so long before it is recorded is no news: it was imported. What is recorded in the
// future, as the machine's clock was set back, is news.
bool IsNews(const eventstore::EventHeader& header);

// One user is told. `text` tells nothing personal: it stands in clear, and outlives the person;
// whom it is about says `record`.
struct Notice {
  const std::string& owner;
  v1::NotificationKind kind;
  const std::string& record;
  std::string text;
};
absl::Status Tell(const eventstore::EventHeader& header, Notice notice,
                  projections::Reactions& reactions);
// The same to several, of whom the notice's owner need not be one: in parts of so many.
inline constexpr size_t kToldAtOnceMax = 100;
absl::Status TellAll(const eventstore::EventHeader& header, Notice notice,
                     const std::vector<std::string>& users, projections::Reactions& reactions);

// " (told 2h5m late)", with a space before it; empty where it is told in time.
std::string Lateness(absl::Time planned, absl::Time told);

}  // namespace kith::notifications
