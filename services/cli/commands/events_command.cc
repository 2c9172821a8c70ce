// `kith events`: the log itself, read or followed.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/events/v1/events_service.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/listing.h"
#include "services/cli/text/event_text.h"
#include "services/cli/text/render.h"
#include "services/cli/text/text_table.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using events::v1::Event;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::Message;

// Prints events a line at a time, since a followed log never ends: columns have fixed widths.
class EventPrinter {
 public:
  explicit EventPrinter(Session& session) : session_(session), style_(session.StyleWith()) {
    if (!session.options().json) doers_.emplace(session);
  }

  void Print(const Event& event) {
    if (session_.options().json) {
      session_.out() << ToJson(event, false) << '\n' << std::flush;
      return;
    }
    const std::string first =
        absl::StrFormat("%7s  %s  %s  %-24s %-36s ", absl::StrCat("@", event.sequence()),
                        FormatTimestamp(event.record_time(), style_.zone),
                        Padded(doers_->Tell(event.actor(), event.on_behalf_of(), kWhoWidth)),
                        event.type(), event.stream());
    const std::string text = absl::StrCat(first, Happened(event), TextOf(event));
    session_.out() << (style_.width == 0
                           ? text
                           : Shortened(text,
                                       std::max(style_.width, DisplayWidth(first) + kTextWidthMin)))
                   << '\n'
                   << std::flush;
  }

 private:
  static constexpr int kWhoWidth = 16;
  static constexpr int kTextWidthMin = 40;

  static std::string Padded(std::string text) {
    const int missing = kWhoWidth - DisplayWidth(text);
    if (missing > 0) text.append(missing, ' ');  // who acts for somebody takes more
    return text;
  }
  std::string TextOf(const Event& event) const {
    return event.erased() ? "(erased)" : EventText(event.payload(), event.stream(), style_);
  }
  // Where it happened at another time than it was recorded.
  std::string Happened(const Event& event) const {
    const std::string when = FormatTimestamp(event.occur_time(), style_.zone);
    return when == FormatTimestamp(event.record_time(), style_.zone)
               ? ""
               : absl::StrCat("(happened ", when, ")  ");
  }

  Session& session_;
  const Style style_;
  std::optional<Doers> doers_;  // where people are told
};

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
  } else if (const auto time = ParseSaidTime(place, absl::Now(), absl::LocalTimeZone());
             time.ok()) {
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

// Says where the events end to who was told of none.
absl::Status SayThereIsNone(Session& session) {
  events::v1::ReadEventsRequest request;
  request.set_backwards(true);
  request.set_limit(1);
  std::string last;
  KITH_RETURN_IF_ERROR(session.client().ReadStream(
      session.Require("events", "read"), request, [&](const Message& message) {
        const auto* page = DynamicCastToGenerated<events::v1::ReadEventsResponse>(&message);
        KITH_CHECK(page != nullptr);
        for (const Event& event : page->events()) {
          const auto zone = session.StyleWith().zone;
          last = absl::StrCat(" The last of all is @", event.sequence(), ", recorded ",
                              FormatTimestamp(event.record_time(), zone), ".");
        }
        return true;
      }));
  session.err() << "No such event." << last << '\n';
  return absl::OkStatus();
}

absl::Status Read(Session& session, const EventsOptions& options) {
  events::v1::ReadEventsRequest request;
  if (!options.from.empty()) KITH_RETURN_IF_ERROR(SetFrom(options.from, &request));
  *request.mutable_filter() = options.filter;
  request.set_backwards(options.newest);
  // 0 is the wire's way to say all of them. One more than is wanted says whether there are more.
  if (!options.limit.is_all()) request.set_limit(options.limit.items_max + 1);
  EventPrinter printer(session);
  int64_t count = 0;
  KITH_RETURN_IF_ERROR(session.client().ReadStream(
      session.Require("events", "read"), request, [&](const Message& message) {
        const auto* page = DynamicCastToGenerated<events::v1::ReadEventsResponse>(&message);
        KITH_CHECK(page != nullptr);
        for (const Event& event : page->events()) {
          if (++count <= options.limit.items_max) printer.Print(event);
        }
        return true;
      }));
  if (count == 0) return SayThereIsNone(session);
  if (count > options.limit.items_max) {
    session.err() << "The " << (options.newest ? "newest " : "first ")
                  << FormatCount(options.limit.items_max) << "; --limit N or --all shows more.\n";
  }
  return absl::OkStatus();
}

absl::Status Follow(Session& session, const EventsOptions& options) {
  events::v1::SubscribeEventsRequest request;
  if (options.from.empty()) {
    request.set_now(true);
  } else {
    KITH_RETURN_IF_ERROR(SetFrom(options.from, &request));
  }
  *request.mutable_filter() = options.filter;
  EventPrinter printer(session);
  return session.client().ReadStream(
      session.Require("events", "subscribe"), request, [&](const Message& message) {
        const auto* told = DynamicCastToGenerated<events::v1::SubscribeEventsResponse>(&message);
        KITH_CHECK(told != nullptr);
        for (const Event& event : told->events().events()) printer.Print(event);
        return true;
      });
}

}  // namespace

absl::Status RunEvents(Session& session, const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(const EventsOptions options, ParseOptions(words));
  return options.follow ? Follow(session, options) : Read(session, options);
}

}  // namespace kith::cli
