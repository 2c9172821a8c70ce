#include "services/cli/import/lookups.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "services/cli/calls/request.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kToBeMade[] = "x";
// So often one is made anew that was deleted.
constexpr int kMadeMax = 100;

// Empty where the message has no such text.
std::string TextIn(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

// A text as a literal of a filter.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// Whether it is known that what was asked for was not done.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status Lookups::Find(bool makes) {
  for (const auto& [key, row] : planner_.CollectReferences()) {
    absl::StatusOr<std::string> name = FindOne(key);
    const bool is_missing = name.ok() && name->empty();
    if (is_missing && makes && key.lookup->collection == collection_) {
      name = Make(key, *row);
    } else if (is_missing) {
      missing_.emplace(key, row);
      name = std::string(kToBeMade);
    }
    if (ConcernsEveryCall(name.status())) return name.status();
    references_.emplace(key, std::move(name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Lookups::FindOne(const ReferenceKey& key) {
  const Method& list = *session_.catalog().Find(key.lookup->collection, "list");
  const std::unique_ptr<Message> request = NewMessage(*list.descriptor->input_type());
  const std::unique_ptr<Message> reply = NewMessage(*list.descriptor->output_type());
  KITH_RETURN_IF_ERROR(SetField(request.get(), "page_size", "2"));
  KITH_RETURN_IF_ERROR(
      SetField(request.get(), "filter", absl::StrCat(key.lookup->by, " = ", Quoted(key.text))));
  KITH_RETURN_IF_ERROR(session_.client().Call(list, *request, reply.get()));
  const int found = reply->GetReflection()->FieldSize(*reply, list.items);
  if (found > 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "several ", key.lookup->collection, " have the ", key.lookup->by, " \"", key.text, "\""));
  }
  if (found == 1) {
    return TextIn(reply->GetReflection()->GetRepeatedMessage(*reply, list.items, 0), "name");
  }
  if (!key.lookup->create.empty()) return std::string();
  return absl::NotFoundError(absl::StrCat("there is none of the ", key.lookup->collection,
                                          " with the ", key.lookup->by, " \"", key.text, "\""));
}

absl::StatusOr<std::vector<PlannedCall>> Lookups::Plan(const CsvRow& row) {
  absl::StatusOr<std::vector<PlannedCall>> calls = planner_.Plan(row, references_);
  if (!calls.ok() || missing_.empty()) return calls;
  bool has_made = false;
  for (const ReferenceKey& key : planner_.ReferencesOf(row)) {
    const auto missing = missing_.find(key);
    if (missing == missing_.end()) continue;
    absl::StatusOr<std::string> made = Make(key, *missing->second);
    if (ConcernsEveryCall(made.status())) return made.status();
    references_.insert_or_assign(key, std::move(made));
    missing_.erase(missing);
    has_made = true;
  }
  return has_made ? planner_.Plan(row, references_) : std::move(calls);
}

bool Lookups::NamesMissing(const CsvRow& row) const {
  if (missing_.empty()) return false;
  const std::vector<ReferenceKey> named = planner_.ReferencesOf(row);
  return std::any_of(named.begin(), named.end(),
                     [&](const ReferenceKey& key) { return missing_.contains(key); });
}

absl::StatusOr<std::string> Lookups::Make(const ReferenceKey& key, const CsvRow& row) {
  KITH_ASSIGN_OR_RETURN(PlannedCall call, planner_.PlanReference(key, row));
  taken_back_.Renew(call);
  for (int made = 0; made < kMadeMax; ++made) {
    const std::unique_ptr<Message> reply = NewMessage(*call.method->descriptor->output_type());
    ReplyInfo info;
    KITH_RETURN_IF_ERROR(session_.client().Call(*call.method, *call.request, reply.get(), &info));
    std::string name = TextIn(*reply, "name");
    if (!info.repeated) {
      made_.push_back({key.lookup->collection, name, TextIn(*reply, "etag"), false});
      return name;
    }
    KITH_ASSIGN_OR_RETURN(const bool is_there, IsThere(key.lookup->collection, name));
    if (is_there) return name;
    // It was made and deleted: another one is made under an id that is the same in every run.
    const std::string id = TextIn(*call.request, "request_id");
    KITH_RETURN_IF_ERROR(SetField(call.request.get(), "request_id", RenewedRequestId(id, name)));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("\"", key.text, "\" was made and deleted too often: create it by hand"));
}

absl::StatusOr<bool> Lookups::IsThere(const std::string& collection, const std::string& name) {
  const Method* const get = session_.catalog().Find(collection, "get");
  if (get == nullptr) return true;
  const std::unique_ptr<Message> request = NewMessage(*get->descriptor->input_type());
  const std::unique_ptr<Message> reply = NewMessage(*get->descriptor->output_type());
  KITH_RETURN_IF_ERROR(SetField(request.get(), "name", name));
  const absl::Status got = session_.client().Call(*get, *request, reply.get());
  if (absl::IsNotFound(got)) return false;
  KITH_RETURN_IF_ERROR(got);
  return true;
}

void Lookups::Take(const Importer::Result& result) {
  const bool is_refused =
      IsRefusal(result.status) && result.outcome == RowOutcome::kUnchanged && result.name.empty();
  if (is_refused || made_.empty()) return;
  for (Made& made : made_) made.is_used |= made.name == result.name;
  for (const ReferenceKey& key : planner_.ReferencesOf(*result.row)) {
    const auto found = references_.find(key);
    if (found == references_.end() || !found->second.ok()) continue;
    for (Made& made : made_) made.is_used |= made.name == *found->second;
  }
}

void Lookups::DeleteUnused() {
  for (const Made& made : made_) {
    if (made.is_used) continue;
    const absl::Status deleted = Delete(made);
    if (ConcernsEveryCall(deleted)) return;
    if (deleted.ok()) continue;
    session_.err() << made.name
                   << ": it stays, though no row that names it was taken: " << OneLine(deleted)
                   << '\n';
  }
}

// Not one that somebody changed meanwhile.
absl::Status Lookups::Delete(const Made& made) {
  const Method* const remove = session_.catalog().Find(made.collection, "delete");
  if (remove == nullptr) return absl::UnimplementedError("nothing deletes it");
  const std::unique_ptr<Message> request = NewMessage(*remove->descriptor->input_type());
  KITH_RETURN_IF_ERROR(SetField(request.get(), "name", made.name));
  if (!made.etag.empty()) KITH_RETURN_IF_ERROR(SetField(request.get(), "etag", made.etag));
  return session_.Call(*remove, *request).status();
}

}  // namespace kith::cli
