// `kith timeline`: everything that happened with a contact or a deal, newest first.
#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
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

std::string TextOf(const TimelineEntry& entry, const Style& style) {
  if (!entry.has_interaction()) return EventText(entry.event(), entry.record(), style);
  const auto& interaction = entry.interaction();
  if (interaction.erased()) return "(erased)";
  if (interaction.redacted()) return "(redacted)";
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
  table.AddColumn("DETAILS");
  Style style = session.StyleWith(LinkNames(session, {timeline}, *request));
  // Most events tell of stages by their ids, so all do.
  for (auto name = style.names.begin(); name != style.names.end();) {
    const bool is_part = std::count(name->first.begin(), name->first.end(), '/') > 1;
    name = is_part ? style.names.erase(name) : std::next(name);
  }
  for (const TimelineEntry& entry : timeline->entries()) {
    table.AddRow({FormatTimestamp(entry.occur_time(), style.zone),
                  absl::StrCat("@", entry.sequence()), WhatOf(entry), TextOf(entry, style)});
  }
  if (table.empty()) {
    session.out() << "Nothing has happened.\n";
    return absl::OkStatus();
  }
  table.Print(style.width, session.out());
  if (!timeline->next_page_token().empty()) {
    session.err() << "The newest " << FormatCount(timeline->entries_size())
                  << "; --limit N or --all shows more.\n";
  }
  return absl::OkStatus();
}

}  // namespace kith::cli
