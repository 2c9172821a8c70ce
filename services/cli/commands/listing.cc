#include "services/cli/commands/listing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/revision_table.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int64_t kPageSizeMax = 1000;

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

absl::StatusOr<ListLook> TakeLook(const Session& session, const Method& method,
                                  Arguments* arguments) {
  ListLook look;
  const Descriptor& type = *method.items->message_type();
  look.csv = arguments->TakeSwitch("csv");
  const std::optional<std::string> columns = arguments->Take("columns");
  if (look.csv && session.options().json) {
    return absl::InvalidArgumentError("--csv and --json say how to print it: choose one");
  }
  if (columns.has_value()) {
    auto paths = ParsePaths(type, *columns);
    if (!paths.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--columns: ", paths.status().message()));
    }
    look.columns = *std::move(paths);
    look.are_said = true;
  } else if (look.csv) {
    for (int i = 0; i < type.field_count(); ++i) look.columns.push_back({type.field(i)});
  } else {
    look.columns = PathsOf(ColumnsOf(type));
  }
  return look;
}

absl::StatusOr<std::unique_ptr<Message>> ListItems(Session& session, const Method& method,
                                                   Message& request, ListLimit limit) {
  const Reflection* asking = request.GetReflection();
  const FieldDescriptor* size = Field(request, "page_size");
  const FieldDescriptor* token = Field(request, "page_token");
  const bool sized = asking->GetInt32(request, size) != 0;
  std::unique_ptr<Message> reply;
  while (true) {
    // A page may be empty and have a next one all the same.
    if (!sized) asking->SetInt32(&request, size, std::min(limit.items_max, kPageSizeMax));
    KITH_ASSIGN_OR_RETURN(std::unique_ptr<Message> page, session.Call(method, request));
    if (reply == nullptr) {
      reply = std::move(page);
    } else {
      Append(*page, reply.get());
    }
    const int64_t now = reply->GetReflection()->FieldSize(*reply, method.items);
    const std::string next =
        reply->GetReflection()->GetString(*reply, Field(*reply, "next_page_token"));
    if (next.empty() || now >= limit.items_max) break;
    asking->SetString(&request, token, next);
  }
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

void PrintList(Session& session, const Method& method, const ListLook& look, const Message& request,
               const Message& reply) {
  if (session.options().json) {
    session.out() << ToJson(reply, true);
    return;
  }
  const std::vector<const Message*> items = ItemsOf(method, reply);
  if (look.csv) {
    PrintCsv(items, look.columns, session.out());
  } else if (IsRevision(*method.items->message_type())) {
    const FieldDescriptor* const asked = Field(request, "field");
    PrintRevisions(session, items, request,
                   asked == nullptr ? "" : request.GetReflection()->GetString(request, asked));
  } else {
    PrintRows(items, look.columns, session.StyleWith(LinkNames(session, items, request)),
              session.out());
  }
  if (!reply.GetReflection()->GetString(reply, Field(reply, "next_page_token")).empty()) {
    session.err() << "The first " << FormatCount(items.size())
                  << "; --limit N or --all shows more.\n";
  }
}

}  // namespace kith::cli
