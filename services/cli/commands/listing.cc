#include "services/cli/commands/listing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/custom_fields/v1/custom_fields_service.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/received_mails/v1/mail_threads_service.pb.h"
#include "kith/type/v1/list.pb.h"
#include "services/cli/commands/asked_columns.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/mail_table.h"
#include "services/cli/commands/revision_table.h"
#include "services/cli/commands/timeline_table.h"
#include "services/cli/text/nearest_words.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int64_t kPageSizeMax = 1000;
// So many rows the server looks at for a page without an index: there the page ends.
constexpr int64_t kLooksMax = 10'000;
// After so many pages without an item a list ends that is not asked for whole.
constexpr int kEmptyPagesMax = 100;

const FieldDescriptor* Field(const Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

// Adds the items of `page` to `reply`, and takes its token.
void Append(const Message& page, Message* reply) {
  reply->MergeFrom(page);
  // Merging keeps a string where the other is empty, as the last page's token is.
  const FieldDescriptor* token = Field(*reply, "next_page_token");
  reply->GetReflection()->SetString(reply, token, page.GetReflection()->GetString(page, token));
}

// "the index (owner, stage), 1 of its fields equated"
std::string StretchText(const type::v1::ListPlan::Stretch& stretch) {
  std::string text = "all rows";
  if (stretch.index_fields_size() > 0) {
    text = absl::StrCat("the index (", absl::StrJoin(stretch.index_fields(), ", "), ")");
    if (stretch.equal_fields() > 0) absl::StrAppend(&text, ", ", stretch.equal_fields(), " equal");
    if (stretch.bounded()) absl::StrAppend(&text, ", ", "one bounded");
  }
  return absl::StrCat(text, stretch.asks_rows() ? "; their rows are asked the rest" : "");
}

void PrintPlan(const type::v1::ListPlan& plan, std::ostream& out) {
  for (const auto& stretch : plan.stretches()) {
    out << "Found in " << StretchText(stretch) << ".\n";
  }
  if (plan.looked_at() > 0) {  // else it is not told
    const bool ends_there = plan.looked_at() >= kLooksMax && !plan.sorted();
    out << FormatCount(plan.looked_at()) << " looked at" << (plan.sorted() ? ", then sorted" : "")
        << (ends_there ? " for the first page, which ended there" : "") << ".\n";
  }
  if (!plan.wanted_index().empty()) {
    out << "An index on " << plan.wanted_index() << " would serve this.\n";
  }
}

// "24,000.00 EUR, 500.00 USD"
std::string SumText(const type::v1::FieldSum& sum) {
  if (sum.has_number()) return FormatCount(sum.number());
  if (sum.amounts().empty()) return "no amounts";
  return absl::StrJoin(sum.amounts(), ", ",
                       [](std::string* text, const google::type::Money& amount) {
                         text->append(FormatMoney(amount));
                       });
}

// The custom fields of a resource, "custom.tier"; nullopt where the caller may not know.
std::optional<std::vector<std::string>> CustomPaths(Session& session, absl::string_view resource) {
  custom_fields::v1::ListCustomFieldsRequest request;
  request.set_filter(absl::StrCat("resource = ", resource));
  const auto reply = ListItems(session, session.Require("custom-fields", "list"), request,
                               {.items_max = ListLimit::kAll});
  if (!reply.ok()) return std::nullopt;
  const auto* const fields =
      google::protobuf::DynamicCastToGenerated<custom_fields::v1::ListCustomFieldsResponse>(
          &**reply);
  KITH_CHECK(fields != nullptr);
  std::vector<std::string> paths;
  for (const auto& field : fields->custom_fields()) {
    paths.push_back(absl::StrCat(field.personal() ? "personal_custom." : "custom.", field.key()));
  }
  return paths;
}

// The rows, of the people of a company and of the mails of a thread with what else people look for
// there, where no columns were said.
void PrintTable(Session& session, const Method& method, const ListLook& look,
                const std::vector<const Message*>& items, const Message& reply,
                const Style& style) {
  using google::protobuf::DynamicCastToGenerated;
  const auto* const timeline =
      method.verb == "list-people-timeline"
          ? DynamicCastToGenerated<interactions::v1::ListTimelineResponse>(&reply)
          : nullptr;
  const auto* const thread =
      DynamicCastToGenerated<received_mails::v1::ReadMailThreadResponse>(&reply);
  if (timeline != nullptr && !look.are_said) {
    PrintTimeline(session, timeline->entries(), style, TimelineOf::kPeople);
  } else if (thread != nullptr && !look.are_said) {
    PrintMails(session, thread->items(), style);
  } else {
    PrintRows(items, look.columns, style, session.out());
  }
}

// The paths of fields, and those that the server is asked for.
absl::StatusOr<std::vector<Path>> ColumnPaths(Session& session, const Descriptor& type,
                                              absl::string_view text) {
  const std::vector<std::string> asked = AskedColumns(session.catalog(), type);
  std::vector<Path> paths;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    const absl::string_view name = absl::StripAsciiWhitespace(word);
    if (std::find(asked.begin(), asked.end(), name) != asked.end()) {
      paths.push_back(AskedPath(type, name));
      continue;
    }
    KITH_ASSIGN_OR_RETURN(std::vector<Path> parsed, ParsePaths(type, word));
    paths.push_back(std::move(parsed.front()));
  }
  return paths;
}

absl::Status CheckCustomColumns(Session& session, const Descriptor& type,
                                const std::vector<Path>& columns) {
  const std::string& pattern = type.options().GetExtension(options::v1::resource).pattern();
  std::optional<std::vector<std::string>> known;
  for (const Path& column : columns) {
    const std::string& map = column.fields.front()->name();
    if (column.key.empty() || (map != "custom" && map != "personal_custom")) continue;
    if (!known.has_value()) known = CustomPaths(session, pattern.substr(0, pattern.find('/')));
    if (!known.has_value()) return absl::OkStatus();
    const std::string path = absl::StrCat(map, ".", column.key);
    if (std::find(known->begin(), known->end(), path) != known->end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--columns: there is no ", path, "; ",
                     known->empty() ? absl::StrCat(type.name(), " has no custom fields")
                                    : absl::StrCat(NearestTold(type.name(), path, *known),
                                                   "; kith custom-fields list tells all")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListLimit> TakeLimit(Arguments* arguments) {
  ListLimit limit;
  if (arguments->TakeSwitch("all")) limit.items_max = ListLimit::kAll;
  if (const auto text = arguments->Take("limit"); text.has_value()) {
    if (limit.is_all()) {
      return absl::InvalidArgumentError("--limit and --all say how many: choose one");
    }
    if (!absl::SimpleAtoi(*text, &limit.items_max) || limit.items_max <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--limit: \"", *text, "\" is not a number above 0"));
    }
  }
  return limit;
}

absl::StatusOr<ListLook> TakeLook(Session& session, const Method& method, Arguments* arguments) {
  ListLook look;
  const Descriptor& type = *method.items->message_type();
  look.csv = arguments->TakeSwitch("csv");
  const std::vector<std::string> columns = arguments->TakeAll("columns");
  if (look.csv && session.options().json) {
    return absl::InvalidArgumentError("--csv and --json say how to print it: choose one");
  }
  if (!columns.empty()) {
    auto paths = ColumnPaths(session, type, absl::StrJoin(columns, ","));
    if (!paths.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--columns: ", paths.status().message(),
                                                     "; kith ", method.collection, " ", method.verb,
                                                     " --help tells all"));
    }
    const bool is_past = std::any_of(arguments->flags().begin(), arguments->flags().end(),
                                     [](const Flag& flag) { return flag.name == "as_of"; });
    if (!is_past) {
      KITH_RETURN_IF_ERROR(CheckCustomColumns(session, type, *paths));
    }
    look.columns = *std::move(paths);
    look.are_said = true;
  } else if (look.csv) {
    for (int i = 0; i < type.field_count(); ++i) look.columns.push_back({{type.field(i)}, ""});
  } else {
    look.columns = PathsOf(ColumnsOf(type));
  }
  return look;
}

bool TakesSummary(const Method& list) {
  const FieldDescriptor* const field = list.descriptor->input_type()->FindFieldByName("summary");
  return field != nullptr && field->message_type() == type::v1::SummaryOptions::descriptor();
}

void TakeSummary(const Method& list, Arguments* arguments) {
  if (!TakesSummary(list)) return;
  if (arguments->TakeSwitch("total")) arguments->Add({"summary.total_size", "true"});
  if (arguments->TakeSwitch("explain")) arguments->Add({"summary.explain", "true"});
  for (const std::string& field : arguments->TakeAll("sum")) {
    arguments->Add({"summary.sums", field});
  }
}

CalledNames NamesFor(Session& session, const std::vector<Path>& columns,
                     const std::vector<const Message*>& items, const Message& request) {
  const bool is_wanted = std::any_of(columns.begin(), columns.end(),
                                     [](const Path& column) { return column.is_called; });
  CalledNames names = is_wanted ? AllLinkNames(session, items, request) : CalledNames();
  AskColumns(session, columns, items, request, &names);
  return names;
}

absl::Status ListPages(Session& session, const Method& method, const Message& request,
                       ListLimit limit, PageVisitor visit) {
  const std::unique_ptr<Message> page_request(request.New());
  page_request->CopyFrom(request);
  const Reflection* asking = request.GetReflection();
  const FieldDescriptor* size = Field(request, "page_size");
  const FieldDescriptor* token = Field(request, "page_token");
  // Of some lists the server says how many a page has.
  const bool is_sized = size == nullptr || asking->GetInt32(request, size) != 0;
  int64_t told = 0;
  int empty_pages = 0;
  while (true) {
    if (!is_sized) {
      asking->SetInt32(page_request.get(), size, std::min(limit.items_max, kPageSizeMax));
    }
    KITH_ASSIGN_OR_RETURN(std::unique_ptr<Message> page, session.Call(method, *page_request));
    // A page may be empty and have a next one all the same.
    const int items = page->GetReflection()->FieldSize(*page, method.items);
    told += items;
    if (items == 0) ++empty_pages;
    const std::string next =
        page->GetReflection()->GetString(*page, Field(*page, "next_page_token"));
    if (!visit(std::move(page)) || next.empty() || told >= limit.items_max) {
      return absl::OkStatus();
    }
    if (empty_pages == kEmptyPagesMax && !limit.is_all()) {
      session.err() << "Not all rows were looked at so far: --all goes on to the last one, and a "
                       "narrower filter ends sooner.\n";
      return absl::OkStatus();
    }
    asking->SetString(page_request.get(), token, next);
    if (TakesSummary(method)) asking->ClearField(page_request.get(), Field(request, "summary"));
  }
}

absl::StatusOr<std::unique_ptr<Message>> ListItems(Session& session, const Method& method,
                                                   const Message& request, ListLimit limit) {
  std::unique_ptr<Message> reply;
  KITH_RETURN_IF_ERROR(
      ListPages(session, method, request, limit, [&](std::unique_ptr<Message> page) {
        if (reply == nullptr) {
          reply = std::move(page);
        } else {
          Append(*page, reply.get());
        }
        return true;
      }));
  // The last page may have brought more than was wanted.
  while (reply->GetReflection()->FieldSize(*reply, method.items) > limit.items_max) {
    reply->GetReflection()->RemoveLast(reply.get(), method.items);
  }
  return reply;
}

std::vector<const Message*> ItemsOf(const Method& method, const Message& reply) {
  std::vector<const Message*> items;
  const int size = reply.GetReflection()->FieldSize(reply, method.items);
  for (int i = 0; i < size; ++i) {
    items.push_back(&reply.GetReflection()->GetRepeatedMessage(reply, method.items, i));
  }
  return items;
}

void PrintSummary(const type::v1::ListSummary& summary, std::ostream& out) {
  if (summary.has_total_size()) {
    out << (summary.total_size_is_at_least() ? "At least " : "")
        << FormatCount(summary.total_size()) << " in all.\n";
  }
  for (const type::v1::FieldSum& sum : summary.sums()) {
    out << (summary.sums_are_partial() ? "Part of the sum of " : "Sum of ") << sum.field() << ": "
        << SumText(sum) << ".\n";
  }
  if (summary.has_plan()) PrintPlan(summary.plan(), out);
}

void PrintList(Session& session, const Method& method, const ListLook& look, const Message& request,
               const Message& reply) {
  if (session.options().json) {
    session.out() << ToJson(reply, true);
    return;
  }
  const std::vector<const Message*> items = ItemsOf(method, reply);
  if (look.csv) {
    PrintCsv(items, look.columns, session.out(), NamesFor(session, look.columns, items, request));
  } else if (IsRevision(*method.items->message_type()) && !look.are_said) {
    const FieldDescriptor* const asked = Field(request, "field");
    PrintRevisions(session, items, request,
                   asked == nullptr ? "" : request.GetReflection()->GetString(request, asked));
  } else {
    CalledNames names = LinkNames(session, items, request);
    AskColumns(session, look.columns, items, request, &names);
    PrintTable(session, method, look, items, reply, session.StyleWith(std::move(names)));
  }
  if (TakesSummary(method)) {
    PrintSummary(*google::protobuf::DynamicCastToGenerated<type::v1::ListSummary>(
                     &reply.GetReflection()->GetMessage(reply, Field(reply, "summary"))),
                 look.csv ? session.err() : session.out());
  }
  const std::string next = reply.GetReflection()->GetString(reply, Field(reply, "next_page_token"));
  if (!next.empty() && !items.empty()) {
    session.err() << "The first " << FormatCount(items.size())
                  << "; --limit N or --all shows more.\n";
  }
}

}  // namespace kith::cli
