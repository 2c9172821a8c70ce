#include "services/cli/commands/timeline_table.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "services/cli/text/event_text.h"
#include "services/cli/text/text_table.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
using interactions::v1::TimelineEntry;

// "call, inbound": what happened, for people.
std::string WhatOf(const TimelineEntry& entry) {
  if (entry.has_visit()) return "visit";
  if (!entry.has_interaction()) return absl::StrReplaceAll(entry.type(), {{"_", " "}});
  const auto& interaction = entry.interaction();
  std::string what = interactions::v1::InteractionKind_Name(interaction.kind());
  if (interaction.direction() != interactions::v1::DIRECTION_UNSPECIFIED) {
    absl::StrAppend(&what, " ", interactions::v1::Direction_Name(interaction.direction()));
  }
  return absl::AsciiStrToLower(absl::StrReplaceAll(what, {{"_", " "}}));
}

// "3 pages in 12 min, first https://www.example.com/, google / cpc".
std::string VisitText(const visitors::v1::Visit& visit) {
  const int pages = visit.page_view_count();
  std::string text = absl::StrCat(pages, pages == 1 ? " page" : " pages");
  const int64_t minutes =
      absl::ToInt64Minutes(FromTimestamp(visit.end_time()) - FromTimestamp(visit.start_time()));
  if (minutes > 0) absl::StrAppend(&text, " in ", minutes, " min");
  absl::StrAppend(&text, visit.erased() ? " (erased)" : "");
  if (!visit.landing_page().empty()) absl::StrAppend(&text, ", first ", visit.landing_page());
  const auto& touch = visit.touch();
  if (!touch.utm_source().empty()) {
    absl::StrAppend(&text, ", ", touch.utm_source(), touch.utm_medium().empty() ? "" : " / ",
                    touch.utm_medium());
  } else if (!visit.referrer().empty()) {
    absl::StrAppend(&text, ", from ", visit.referrer());
  }
  return text;
}

std::string Called(const Message& message, int field, const Style& style) {
  return CellOf(message, message.GetDescriptor()->FindFieldByNumber(field), style);
}

// "Mira Thorne, Crane": the record that it happened to, and those that it is linked to, by what
// people call them; of a visit whose it was, where that is known.
std::string AboutOf(const TimelineEntry& entry, const Style& style) {
  using interactions::v1::Interaction;
  if (!entry.visit().contact().empty()) {
    return Called(entry.visit(), visitors::v1::Visit::kContactFieldNumber, style);
  }
  std::string about = Called(entry, TimelineEntry::kRecordFieldNumber, style);
  const std::string linked = Called(entry.interaction(), Interaction::kLinksFieldNumber, style);
  if (!linked.empty()) absl::StrAppend(&about, ", ", linked);
  return about;
}

std::string TextOf(const TimelineEntry& entry, const Style& style) {
  if (entry.has_visit()) return VisitText(entry.visit());
  if (!entry.has_interaction()) return EventText(entry.event(), entry.record(), style);
  const auto& interaction = entry.interaction();
  if (interaction.erased()) return "(erased)";
  if (interaction.redacted()) return "(redacted)";
  return interaction.subject().empty() ? interaction.body() : interaction.subject();
}

}  // namespace

void PrintTimeline(Session& session,
                   const google::protobuf::RepeatedPtrField<TimelineEntry>& entries, Style style,
                   TimelineOf whose) {
  TextTable table;
  table.AddColumn("WHEN");
  table.AddColumn("EVENT", TextTable::Align::kRight);
  if (whose == TimelineOf::kPeople) table.AddColumn("ABOUT");
  table.AddColumn("WHAT");
  table.AddColumn("DETAILS");
  // Most events tell of stages by their ids, so all do.
  for (auto name = style.names.begin(); name != style.names.end();) {
    const bool is_part = std::count(name->first.begin(), name->first.end(), '/') > 1;
    name = is_part ? style.names.erase(name) : std::next(name);
  }
  for (const TimelineEntry& entry : entries) {
    std::vector<std::string> cells = {FormatTimestamp(entry.occur_time(), style.zone),
                                      absl::StrCat("@", entry.sequence())};
    if (whose == TimelineOf::kPeople) cells.push_back(AboutOf(entry, style));
    cells.push_back(WhatOf(entry));
    cells.push_back(TextOf(entry, style));
    table.AddRow(std::move(cells));
  }
  if (table.empty()) {
    session.out() << "Nothing has happened.\n";
    return;
  }
  table.Print(style.width, session.out());
}

}  // namespace kith::cli
