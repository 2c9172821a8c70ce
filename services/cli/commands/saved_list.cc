#include "services/cli/commands/saved_list.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/saved_views/v1/saved_views_service.pb.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
using saved_views::v1::SavedView;

constexpr char kCommands[] = "saved-views";

template <class Reply>
const Reply& As(const Message& message) {
  const auto* const reply = google::protobuf::DynamicCastToGenerated<Reply>(&message);
  KITH_CHECK(reply != nullptr);
  return *reply;
}

// "contacts", of a list of contacts.
std::string CollectionOf(const Method& list) {
  const std::string& pattern =
      list.items->message_type()->options().GetExtension(options::v1::resource).pattern();
  return pattern.substr(0, pattern.find('/'));
}

// As a quoted literal of a filter that is equal to `text`.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"*", "\\*"}}), "\"");
}

absl::StatusOr<SavedView> GetView(Session& session, absl::string_view name) {
  saved_views::v1::GetSavedViewRequest request;
  request.set_name(std::string(name));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        session.Call(session.Require(kCommands, "get"), request));
  return As<SavedView>(*reply);
}

absl::StatusOr<SavedView> FindView(Session& session, const std::string& collection,
                                   absl::string_view called) {
  saved_views::v1::ListSavedViewsRequest request;
  request.set_filter(
      absl::StrCat("resource = ", collection, " AND display_name = ", Quoted(called)));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        session.Call(session.Require(kCommands, "list"), request));
  const auto& found = As<saved_views::v1::ListSavedViewsResponse>(*reply).saved_views();
  if (found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: no saved view of ", collection, " is called \"", called,
                     "\"; kith saved-views list shows those there are"));
  }
  if (found.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--view: ", found.size(), " saved views of ", collection, " are called \"", called,
        "\"; say which: ", absl::StrJoin(found, ", ", [](std::string* out, const SavedView& each) {
          out->append(each.name());
        })));
  }
  return found[0];
}

void SetText(const char* field, std::string text, Message* request) {
  request->GetReflection()->SetString(request, request->GetDescriptor()->FindFieldByName(field),
                                      std::move(text));
}

std::string TextIn(const char* field, const Message& request) {
  return request.GetReflection()->GetString(request,
                                            request.GetDescriptor()->FindFieldByName(field));
}

}  // namespace

bool TakesSavedView(const Method& list) {
  const auto& request = *list.descriptor->input_type();
  return list.items != nullptr && list.items->message_type() != nullptr &&
         list.items->message_type()->options().HasExtension(options::v1::resource) &&
         request.FindFieldByName("filter") != nullptr &&
         request.FindFieldByName("order_by") != nullptr;
}

absl::StatusOr<std::vector<Path>> ApplySavedView(Session& session, const Method& list,
                                                 absl::string_view view, Message* request) {
  const std::string collection = CollectionOf(list);
  KITH_ASSIGN_OR_RETURN(const SavedView saved, absl::StartsWith(view, "savedViews/")
                                                   ? GetView(session, view)
                                                   : FindView(session, collection, view));
  if (saved.resource() != collection) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: ", view, " lists ", saved.resource(), ", not ", collection));
  }
  const std::string filter = TextIn("filter", *request);
  if (filter.empty()) {
    SetText("filter", saved.filter(), request);
  } else if (!saved.filter().empty()) {
    SetText("filter", absl::StrCat("(", saved.filter(), ") AND (", filter, ")"), request);
  }
  if (TextIn("order_by", *request).empty()) SetText("order_by", saved.order_by(), request);
  std::vector<Path> columns;
  for (const std::string& column : saved.columns()) {
    // One that this program does not know is of a server newer than it.
    const auto paths = ParsePaths(*list.items->message_type(), column);
    if (paths.ok()) columns.push_back(paths->front());
  }
  return columns;
}

}  // namespace kith::cli
