// `kith events`: the log itself, read or followed.
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/events/v1/events_service.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/listing.h"
#include "services/cli/text/event_text.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using events::v1::Event;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::Message;

// A line at a time, since a followed log never ends: columns have fixed widths.
void PrintEvent(Session& session, const Event& event) {
  if (session.options().json) {
    session.out() << ToJson(event, false) << '\n' << std::flush;
    return;
  }
  const absl::TimeZone zone = session.options().zone;
  session.out() << absl::StrFormat("%7s  %s  %-24s %-36s ", absl::StrCat("@", event.sequence()),
                                   FormatTimestamp(event.occur_time(), zone), event.type(),
                                   event.stream())
                << Shortened(event.erased() ? "(erased)" : EventText(event.payload(), zone), 100)
                << '\n'
                << std::flush;
}

// Sets where to begin; both requests call their fields alike.
template <class Request>
absl::Status SetFrom(absl::string_view place, Request* request) {
  if (absl::string_view number = place; absl::ConsumePrefix(&number, "@")) {
    int64_t sequence = 0;
    if (!absl::SimpleAtoi(number, &sequence)) {
      return absl::InvalidArgumentError(
          "--from: after @ stands the number of an event, like @1234");
    }
    request->set_sequence(sequence);
  } else if (auto time = ParseTimestamp(place); time.ok()) {
    *request->mutable_time() = *time;
  } else if (time = ParseShownTime(place, absl::LocalTimeZone()); time.ok()) {
    *request->mutable_time() = *time;
  } else {
    request->set_token(std::string(place));
  }
  return absl::OkStatus();
}

struct EventsOptions {
  std::string from;
  events::v1::EventFilter filter;
  ListLimit limit;
  bool newest = false;
  bool follow = false;
};

absl::StatusOr<EventsOptions> ParseOptions(const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(Arguments arguments, Arguments::Parse(words, [](absl::string_view name) {
                          return name == "all" || name == "newest" || name == "follow";
                        }));
  EventsOptions options;
  KITH_ASSIGN_OR_RETURN(options.limit, TakeLimit(&arguments));
  options.follow = arguments.TakeSwitch("follow");
  options.newest = arguments.TakeSwitch("newest");
  options.from = arguments.Take("from").value_or("");
  options.filter.set_stream_prefix(arguments.Take("stream").value_or(""));
  for (const std::string& type : arguments.TakeAll("type")) options.filter.add_types(type);
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 0));
  if (options.follow && options.newest) {
    return absl::InvalidArgumentError("--follow goes forwards and --newest backwards: choose one");
  }
  if (options.follow && options.limit.items_max != ListLimit::kDefault) {
    return absl::InvalidArgumentError("--follow goes on for ever: leave --limit and --all out");
  }
  return options;
}

absl::Status Read(Session& session, const EventsOptions& options) {
  events::v1::ReadEventsRequest request;
  if (!options.from.empty()) KITH_RETURN_IF_ERROR(SetFrom(options.from, &request));
  *request.mutable_filter() = options.filter;
  request.set_backwards(options.newest);
  // 0 is the wire's way to say all of them.
  if (!options.limit.is_all()) request.set_limit(options.limit.items_max);
  return session.client().ReadStream(
      session.Require("events", "read"), request, [&](const Message& message) {
        const auto* page = DynamicCastToGenerated<events::v1::ReadEventsResponse>(&message);
        KITH_CHECK(page != nullptr);
        for (const Event& event : page->events()) PrintEvent(session, event);
        return true;
      });
}

absl::Status Follow(Session& session, const EventsOptions& options) {
  events::v1::SubscribeEventsRequest request;
  if (options.from.empty()) {
    request.set_now(true);
  } else {
    KITH_RETURN_IF_ERROR(SetFrom(options.from, &request));
  }
  *request.mutable_filter() = options.filter;
  return session.client().ReadStream(
      session.Require("events", "subscribe"), request, [&](const Message& message) {
        const auto* told = DynamicCastToGenerated<events::v1::SubscribeEventsResponse>(&message);
        KITH_CHECK(told != nullptr);
        for (const Event& event : told->events().events()) PrintEvent(session, event);
        return true;
      });
}

}  // namespace

absl::Status RunEvents(Session& session, const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(const EventsOptions options, ParseOptions(words));
  return options.follow ? Follow(session, options) : Read(session, options);
}

}  // namespace kith::cli
