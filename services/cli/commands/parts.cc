#include "services/cli/commands/parts.h"

#include <google/rpc/status.pb.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/options/v1/part.pb.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/listing.h"
#include "services/cli/commands/revision_table.h"
#include "services/cli/commands/timeline_table.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const options::v1::PartRules& PartOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::part);
}

// "open_deals" → "OPEN DEALS"
std::string TitleOf(const FieldDescriptor& part) {
  return absl::AsciiStrToUpper(absl::StrReplaceAll(part.name(), {{"_", " "}}));
}

// The rows of an answer whose first field they are; null where it is one record.
const FieldDescriptor* RowsOf(const Descriptor& answer) {
  const FieldDescriptor* const first = answer.field(0);
  const bool is_list =
      first->is_repeated() && first->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  return is_list ? first : nullptr;
}

// Prints one reply's parts.
class PartPrinter {
 public:
  PartPrinter(Session& session, const Message& request, const Message& reply)
      : session_(session),
        request_(request),
        style_(session.StyleWith(LinkNames(session, {&reply}, request))) {}

  void Print(const FieldDescriptor& part, const Message& answer) const {
    std::ostream& out = session_.out();
    if (!PartOf(part).subject()) out << '\n' << TitleOf(part) << '\n';
    const FieldDescriptor* const rows =
        PartOf(part).subject() ? nullptr : RowsOf(*answer.GetDescriptor());
    if (rows == nullptr) {
      PrintFields(answer, style_, out);
    } else {
      PrintAnswer(part, *rows, answer);
    }
  }

 private:
  void PrintAnswer(const FieldDescriptor& part, const FieldDescriptor& rows,
                   const Message& answer) const {
    std::ostream& out = session_.out();
    const auto* const timeline =
        DynamicCastToGenerated<interactions::v1::ListTimelineResponse>(&answer);
    std::vector<const Message*> messages;
    for (int i = 0; i < answer.GetReflection()->FieldSize(answer, &rows); ++i) {
      messages.push_back(&answer.GetReflection()->GetRepeatedMessage(answer, &rows, i));
    }
    if (timeline != nullptr) {
      const bool is_of_people = absl::EndsWith(PartOf(part).method(), ".ListPeopleTimeline");
      PrintTimeline(session_, timeline->entries(), style_,
                    is_of_people ? TimelineOf::kPeople : TimelineOf::kOneRecord);
    } else if (IsRevision(*rows.message_type())) {
      PrintRevisions(session_, messages, request_, "");
    } else {
      PrintRows(messages, ColumnsFor(part, rows), style_, out);
    }
    const FieldDescriptor* const summary = answer.GetDescriptor()->FindFieldByName("summary");
    if (summary == nullptr) return;
    PrintSummary(*DynamicCastToGenerated<type::v1::ListSummary>(
                     &answer.GetReflection()->GetMessage(answer, summary)),
                 out);
  }

  static std::vector<Path> ColumnsFor(const FieldDescriptor& part, const FieldDescriptor& rows) {
    const std::string& said = PartOf(part).columns();
    if (said.empty()) return PathsOf(ColumnsOf(*rows.message_type()));
    auto columns = ParsePaths(*rows.message_type(), said);
    KITH_CHECK(columns.ok());
    return *std::move(columns);
  }

  Session& session_;
  const Message& request_;
  const Style style_;
};

// "Not told: owner (The credentials do not grant users.read.)"
void PrintLeftOut(const Message& reply, std::ostream& out) {
  const FieldDescriptor* const left_out = reply.GetDescriptor()->FindFieldByName("left_out");
  if (left_out == nullptr) return;
  for (int i = 0; i < reply.GetReflection()->FieldSize(reply, left_out); ++i) {
    const Message& entry = reply.GetReflection()->GetRepeatedMessage(reply, left_out, i);
    const auto& reflection = *entry.GetReflection();
    const Descriptor& type = *entry.GetDescriptor();
    const auto* const why = DynamicCastToGenerated<google::rpc::Status>(
        &reflection.GetMessage(entry, type.map_value()));
    out << (i == 0 ? "\n" : "") << "Not told: " << reflection.GetString(entry, type.map_key())
        << " (" << why->message() << ")\n";
  }
}

}  // namespace

bool HasParts(const Descriptor& reply) {
  for (int i = 0; i < reply.field_count(); ++i) {
    if (reply.field(i)->options().HasExtension(options::v1::part)) return true;
  }
  return false;
}

void PrintParts(Session& session, const Message& request, const Message& reply) {
  const PartPrinter printer(session, request, reply);
  std::vector<const FieldDescriptor*> set;
  reply.GetReflection()->ListFields(reply, &set);
  for (const FieldDescriptor* const field : set) {
    if (!field->options().HasExtension(options::v1::part)) continue;
    printer.Print(*field, reply.GetReflection()->GetMessage(reply, field));
  }
  PrintLeftOut(reply, session.out());
}

}  // namespace kith::cli
