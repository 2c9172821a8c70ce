#include "services/cli/commands/revision_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "kith/type/v1/revision.pb.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/text/render.h"
#include "services/cli/text/text_table.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using type::v1::Revision;

constexpr int kWhoWidth = 32;
constexpr int kValueWidth = 32;

const FieldDescriptor* MessageField(const Descriptor& type, const char* name) {
  const FieldDescriptor* const field = type.FindFieldByName(name);
  const bool is_one = field != nullptr && !field->is_repeated() &&
                      field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  return is_one ? field : nullptr;
}

const Message& Part(const Message& revision, const char* name) {
  return revision.GetReflection()->GetMessage(revision,
                                              MessageField(*revision.GetDescriptor(), name));
}

// "contact updated": what happened, for people.
std::string WhatOf(const Revision& revision) {
  return absl::StrCat(absl::StrReplaceAll(revision.type(), {{"_", " "}}),
                      revision.erased() ? " (erased)" : "");
}

// What a revision says of something else than the resource: "apiKeys/01J… · Website". The fields
// are those of its columns.
std::string AsideOf(const Message& aside, const Style& style) {
  std::vector<std::string> texts;
  for (const FieldDescriptor* const field : ColumnsOf(*aside.GetDescriptor())) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field->is_repeated()) {
      if (aside.GetReflection()->GetBool(aside, field)) texts.push_back(field->name());
    } else if (std::string text = TextOf(aside, field, style); !text.empty()) {
      texts.push_back(std::move(text));
    }
  }
  return absl::StrJoin(texts, " · ");
}

void AddRows(const Message& revision, absl::string_view only, Doers& doers, const Style& style,
             TextTable* table) {
  const auto* told = DynamicCastToGenerated<Revision>(&Part(revision, "revision"));
  KITH_CHECK(told != nullptr);
  const std::vector<std::string> first = {
      absl::StrCat("@", told->sequence()),
      FormatTimestamp(told->record_time(), style.zone),
      FormatTimestamp(told->occur_time(), style.zone),
      doers.Tell(told->actor(), told->on_behalf_of(), kWhoWidth),
      told->etag(),
      WhatOf(*told)};
  bool is_first = true;
  const auto add = [&](std::vector<std::string> change) {
    std::vector<std::string> row = is_first ? first : std::vector<std::string>(first.size());
    is_first = false;
    row.insert(row.end(), change.begin(), change.end());
    table->AddRow(std::move(row));
  };
  const Message& before = Part(revision, "before");
  const Message& after = Part(revision, "after");
  for (const std::string& path : told->changed().paths()) {
    if (!only.empty() && path != only && !absl::StartsWith(path, absl::StrCat(only, "."))) continue;
    const auto paths = ParsePaths(*before.GetDescriptor(), path);
    if (!paths.ok()) {  // of a server that is newer than this program
      add({path, "", ""});
      continue;
    }
    std::string from = TextAt(before, paths->front(), style);
    std::string to = TextAt(after, paths->front(), style);
    if (style.width > 0) std::tie(from, to) = FromWhereTheyDiffer(from, to, kValueWidth);
    add({path, std::move(from), std::move(to)});
  }
  std::vector<const FieldDescriptor*> set;
  revision.GetReflection()->ListFields(revision, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_aside = MessageField(*revision.GetDescriptor(), field->name().c_str()) == field &&
                          field->name() != "revision" && field->name() != "before" &&
                          field->name() != "after";
    if (!is_aside || !only.empty()) continue;
    add({field->name(), "", AsideOf(revision.GetReflection()->GetMessage(revision, field), style)});
  }
  // By which file it came in, or what did it by itself.
  for (const auto& [collection, called] :
       {std::pair("importJobs/", "import job"), std::pair("workflowRuns/", "workflow run")}) {
    if (!only.empty() || !absl::StartsWith(told->cause(), collection)) continue;
    add({called, "", told->cause()});
  }
  if (is_first) add({"", "", ""});
}

}  // namespace

bool IsRevision(const Descriptor& type) {
  const FieldDescriptor* const revision = MessageField(type, "revision");
  const FieldDescriptor* const before = MessageField(type, "before");
  const FieldDescriptor* const after = MessageField(type, "after");
  return revision != nullptr && before != nullptr && after != nullptr &&
         revision->message_type() == Revision::descriptor() &&
         before->message_type() == after->message_type();
}

void PrintRevisions(Session& session, const std::vector<const Message*>& revisions,
                    const Message& request, absl::string_view field) {
  if (revisions.empty()) {
    session.out() << "Nothing found.\n";
    return;
  }
  Doers doers(session);
  const Style style = session.StyleWith(LinkNames(session, revisions, request));
  TextTable table;
  table.AddColumn("EVENT", TextTable::Align::kRight);
  table.AddColumn("RECORDED");
  table.AddColumn("HAPPENED");
  table.AddColumn("WHO");
  table.AddColumn("ETAG", TextTable::Align::kRight);
  table.AddColumn("WHAT");
  table.AddColumn("FIELD");
  table.AddColumn("BEFORE");
  table.AddColumn("AFTER");
  for (const Message* revision : revisions) {
    AddRows(*revision, field, doers, style, &table);
  }
  table.Print(style.width, session.out());
}

std::pair<std::string, std::string> FromWhereTheyDiffer(absl::string_view one,
                                                        absl::string_view other, int width) {
  const auto [end, other_end] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  size_t same = end - one.begin();
  const bool fits = DisplayWidth(one) <= width && DisplayWidth(other) <= width;
  // A quarter of the width is kept of what both have, to see where one is.
  const size_t kept = static_cast<size_t>(width) / 4;
  if (fits || same <= kept) return {std::string(one), std::string(other)};
  same -= kept;
  while (same > 0 && (static_cast<uint8_t>(one[same]) & 0xC0) == 0x80) --same;  // a whole character
  return {absl::StrCat("…", one.substr(same)), absl::StrCat("…", other.substr(same))};
}

}  // namespace kith::cli
