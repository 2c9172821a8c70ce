// `kith timeline`: everything that happened with a contact or a deal, newest first.
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/listing.h"
#include "services/cli/text/event_text.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
using interactions::v1::TimelineEntry;

// "call, inbound": what happened, for people.
std::string WhatOf(const TimelineEntry& entry) {
  if (!entry.has_interaction()) return absl::StrReplaceAll(entry.type(), {{"_", " "}});
  const auto& interaction = entry.interaction();
  std::string what = interactions::v1::InteractionKind_Name(interaction.kind());
  if (interaction.direction() != interactions::v1::DIRECTION_UNSPECIFIED) {
    absl::StrAppend(&what, " ", interactions::v1::Direction_Name(interaction.direction()));
  }
  return absl::AsciiStrToLower(absl::StrReplaceAll(what, {{"_", " "}}));
}

std::string TextOf(const TimelineEntry& entry, absl::TimeZone zone) {
  if (!entry.has_interaction()) return EventText(entry.event(), zone);
  const auto& interaction = entry.interaction();
  if (interaction.erased()) return "(erased)";
  return interaction.subject().empty() ? interaction.body() : interaction.subject();
}

}  // namespace

absl::Status RunTimeline(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("interactions", "list-timeline");
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(method, words, {"all"}));
  KITH_ASSIGN_OR_RETURN(const ListLimit limit, TakeLimit(&arguments));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError("name a contact or a deal, like deals/x");
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        ListItems(session, method, *request, limit));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* timeline =
      google::protobuf::DynamicCastToGenerated<interactions::v1::ListTimelineResponse>(reply.get());
  KITH_CHECK(timeline != nullptr);
  TextTable table;
  table.AddColumn("WHEN");
  table.AddColumn("EVENT", TextTable::Align::kRight);
  table.AddColumn("WHAT");
  table.AddColumn("DETAILS", TextTable::Align::kLeft, false);
  const absl::TimeZone zone = session.options().zone;
  for (const TimelineEntry& entry : timeline->entries()) {
    table.AddRow({FormatTimestamp(entry.occur_time(), zone), absl::StrCat("@", entry.sequence()),
                  WhatOf(entry), Shortened(TextOf(entry, zone), 100)});
  }
  if (table.empty()) {
    session.out() << "Nothing has happened.\n";
    return absl::OkStatus();
  }
  table.Print(session.out());
  if (!timeline->next_page_token().empty()) {
    session.err() << "The newest " << FormatCount(timeline->entries_size())
                  << "; --limit N or --all shows more.\n";
  }
  return absl::OkStatus();
}

}  // namespace kith::cli
