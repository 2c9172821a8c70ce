// `kith <collection> <verb>`: any method, known by its descriptor only.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/scoring_models/v1/prediction.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/listing.h"
#include "services/cli/commands/parts.h"
#include "services/cli/commands/saved_list.h"
#include "services/cli/commands/short_links.h"
#include "services/cli/text/render.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The resources of a reply that is nothing but lists, as that of a batch; null for others.
const FieldDescriptor* RowsOf(const Descriptor& reply) {
  const FieldDescriptor* rows = nullptr;
  for (int i = 0; i < reply.field_count(); ++i) {
    const FieldDescriptor* field = reply.field(i);
    if (!field->is_repeated()) return nullptr;
    if (rows == nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
        field->message_type()->options().HasExtension(options::v1::resource)) {
      rows = field;
    }
  }
  return rows;
}

// The rows as a table, and below it what else the reply lists.
void PrintBatch(Session& session, const FieldDescriptor* rows, const Style& style,
                const Message& reply) {
  std::vector<const Message*> messages;
  for (int i = 0; i < reply.GetReflection()->FieldSize(reply, rows); ++i) {
    messages.push_back(&reply.GetReflection()->GetRepeatedMessage(reply, rows, i));
  }
  const std::unique_ptr<Message> rest(reply.New());
  rest->CopyFrom(reply);
  rest->GetReflection()->ClearField(rest.get(), rows);
  if (!messages.empty() || rest->ByteSizeLong() == 0) {
    PrintRows(messages, PathsOf(ColumnsOf(*rows->message_type())), style, session.out());
  }
  PrintFields(*rest, style, session.out());
}

// The lists of an answer that is no record, each of which is a table of its own below it.
std::vector<const FieldDescriptor*> TablesOf(const Descriptor& reply) {
  std::vector<const FieldDescriptor*> tables;
  if (reply.options().HasExtension(options::v1::resource)) return tables;
  for (int i = 0; i < reply.field_count(); ++i) {
    const FieldDescriptor* const field = reply.field(i);
    if (field->is_repeated() && !field->is_map() && field->message_type() != nullptr &&
        ColumnsOf(*field->message_type()).size() > 1) {
      tables.push_back(field);
    }
  }
  return tables;
}

// "outcome_counts" → "OUTCOME COUNTS", above what is of that field.
void PrintTitle(const FieldDescriptor& field, std::ostream& out) {
  out << '\n' << absl::AsciiStrToUpper(absl::StrReplaceAll(field.name(), {{"_", " "}})) << '\n';
}

// Beside tables, a message that has several fields is told by itself; and one that is as a row of a
// table is that table's last, below a line.
std::vector<const FieldDescriptor*> BlocksOf(const Message& reply) {
  std::vector<const FieldDescriptor*> set, blocks;
  reply.GetReflection()->ListFields(reply, &set);
  for (const FieldDescriptor* const field : set) {
    const Descriptor* const type = field->message_type();
    if (!field->is_repeated() && type != nullptr && absl::StartsWith(type->full_name(), "kith.") &&
        ColumnsOf(*type).size() > 1) {
      blocks.push_back(field);
    }
  }
  return blocks;
}

void PrintTable(Session& session, const Style& style, const Message& reply,
                const FieldDescriptor* table, const std::vector<const FieldDescriptor*>& blocks) {
  const Reflection& reflection = *reply.GetReflection();
  std::vector<const Message*> rows, totals;
  for (int i = 0; i < reflection.FieldSize(reply, table); ++i) {
    rows.push_back(&reflection.GetRepeatedMessage(reply, table, i));
  }
  for (const FieldDescriptor* const block : blocks) {
    if (block->message_type() != table->message_type()) continue;
    totals.push_back(&reflection.GetMessage(reply, block));
  }
  if (rows.empty() && totals.empty()) return;
  PrintTitle(*table, session.out());
  PrintRows(rows, PathsOf(ColumnsOf(*table->message_type())), style, session.out(), totals);
}

void PrintAnswer(Session& session, const Style& style, const Message& reply) {
  const std::vector<const FieldDescriptor*> tables = TablesOf(*reply.GetDescriptor());
  if (tables.empty()) return PrintFields(reply, style, session.out());
  const std::vector<const FieldDescriptor*> blocks = BlocksOf(reply);
  const std::unique_ptr<Message> rest(reply.New());
  rest->CopyFrom(reply);
  for (const auto* const fields : {&tables, &blocks}) {
    for (const FieldDescriptor* const field : *fields) {
      rest->GetReflection()->ClearField(rest.get(), field);
    }
  }
  PrintFields(*rest, style, session.out());
  for (const FieldDescriptor* const block : blocks) {
    const bool is_total =
        std::any_of(tables.begin(), tables.end(), [&](const FieldDescriptor* table) {
          return table->message_type() == block->message_type();
        });
    if (is_total) continue;
    PrintTitle(*block, session.out());
    PrintFields(reply.GetReflection()->GetMessage(reply, block), style, session.out());
  }
  for (const FieldDescriptor* const table : tables) {
    PrintTable(session, style, reply, table, blocks);
  }
}

// Why a prediction has little to say, which its zeros do not tell; empty of other answers, and of
// those that say something. One that is open has at least the factor of how far it came.
absl::string_view WhySoLittle(const Message& reply) {
  using google::protobuf::DynamicCastToGenerated;
  constexpr absl::string_view kClosed =
      "\nIt is closed: the probability is what became of it, and it is compared with none.\n";
  if (const auto* deal = DynamicCastToGenerated<scoring_models::v1::DealPrediction>(&reply)) {
    if (deal->factors().empty()) return kClosed;
    if (deal->has_automatic_probability()) return "";
    return "\nThere is no automatic probability before one of the deals that it is compared with "
           "was won and one was lost.\n";
  }
  if (const auto* lead = DynamicCastToGenerated<scoring_models::v1::LeadPrediction>(&reply)) {
    if (lead->factors().empty()) return kClosed;
    if (lead->has_probability()) return "";
    return "\nThere is no probability before one of the leads that it is compared with was "
           "converted and one was disqualified.\n";
  }
  return "";
}

void PrintReply(Session& session, const Method& method, const Message& request,
                const Message& reply) {
  if (session.options().json) {
    session.out() << ToJson(reply, true);
  } else if (reply.GetDescriptor()->field_count() == 0) {
    session.out() << "Done.\n";
  } else if (method.mutates() && reply.ByteSizeLong() == 0) {
    session.out() << "There was nothing to do.\n";
  } else if (HasParts(*reply.GetDescriptor())) {
    PrintParts(session, request, reply);
  } else {
    // Who changes something has just written the names of what it links to.
    const Style style = session.StyleWith(method.mutates() ? std::map<std::string, std::string>()
                                                           : LinkNames(session, {&reply}, request));
    const FieldDescriptor* const rows = RowsOf(*reply.GetDescriptor());
    if (rows != nullptr) {
      PrintBatch(session, rows, style, reply);
    } else {
      PrintAnswer(session, style, reply);
      session.out() << WhySoLittle(reply);
    }
  }
}

// Every message of the stream, as JSON lines.
absl::Status RunStream(Session& session, const Method& method, const Message& request) {
  return session.client().ReadStream(method, request, [&](const Message& message) {
    session.out() << ToJson(message, false) << '\n' << std::flush;
    return true;
  });
}

}  // namespace

absl::Status RunMethod(Session& session, const Method& method,
                       const std::vector<std::string>& words) {
  if (method.stream != nullptr) return RunItems(session, method, words);
  KITH_ASSIGN_OR_RETURN(Arguments arguments,
                        ParseFor(method, words, {"all", "csv", "total", "explain"}));
  ListLimit limit;
  ListLook look;
  if (method.items != nullptr) {
    KITH_ASSIGN_OR_RETURN(limit, TakeLimit(&arguments));
    KITH_ASSIGN_OR_RETURN(look, TakeLook(session, method, &arguments));
    TakeSummary(method, &arguments);
  }
  std::optional<std::string> view;
  if (TakesSavedView(method)) view = arguments.Take("view");
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_RETURN_IF_ERROR(ShortLinks(session).Complete(request.get()));
  if (method.descriptor->server_streaming()) return RunStream(session, method, *request);
  if (method.items != nullptr) {
    if (view.has_value()) {
      KITH_ASSIGN_OR_RETURN(const auto columns,
                            ApplySavedView(session, method, *view, request.get()));
      if (!look.are_said && !columns.empty()) look.columns = columns;
    }
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                          ListItems(session, method, *request, limit));
    PrintList(session, method, look, *request, *reply);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  PrintReply(session, method, *request, *reply);
  return absl::OkStatus();
}

}  // namespace kith::cli
