#include "services/cli/import/taken_back.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/cli/text/fields.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
namespace v1 = import_jobs::v1;

constexpr int kPageRows = 1'000;
constexpr size_t kNamesAtOnce = 500;

// Null where the request takes none.
const FieldDescriptor* RequestIdOf(const Message& request) {
  return request.GetDescriptor()->FindFieldByName("request_id");
}

void Renew(const std::string& import_job, PlannedCall& call) {
  const FieldDescriptor* const id = RequestIdOf(*call.request);
  if (id == nullptr) return;
  const auto& reflection = *call.request->GetReflection();
  reflection.SetString(&*call.request, id,
                       RenewedRequestId(reflection.GetString(*call.request, id), import_job));
}

std::vector<std::string> TextsIn(const Message& message, const char* field) {
  std::vector<std::string> texts;
  const FieldDescriptor* const list = message.GetDescriptor()->FindFieldByName(field);
  if (list == nullptr) return texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, list); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, list, i));
  }
  return texts;
}

// Those of the records of one collection that are not there.
absl::StatusOr<std::vector<std::string>> MissingOf(Session& session, const std::string& collection,
                                                   std::vector<std::string> names) {
  const Method* const get = session.catalog().Find(KebabCase(collection), "batch-get");
  if (get == nullptr) return names;  // nothing brings them back either
  std::vector<std::string> missing;
  while (!names.empty()) {
    const size_t asked = std::min(names.size(), kNamesAtOnce);
    const std::unique_ptr<Message> request = NewMessage(*get->descriptor->input_type());
    for (size_t i = 0; i < asked; ++i) {
      KITH_RETURN_IF_ERROR(SetField(request.get(), "names", names[i]));
    }
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(*get, *request));
    for (std::string& name : TextsIn(*reply, "missing")) missing.push_back(std::move(name));
    std::vector<std::string> rest = TextsIn(*reply, "left_out");
    rest.insert(rest.end(), names.begin() + static_cast<std::ptrdiff_t>(asked), names.end());
    names = std::move(rest);
  }
  return missing;
}

template <class Reply>
absl::StatusOr<Reply> CallFor(Session& session, absl::string_view verb, Message& request) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        session.Call(session.Require("import-jobs", verb), request));
  return *google::protobuf::DynamicCastToGenerated<Reply>(&*reply);
}

}  // namespace

absl::StatusOr<TakenBack> TakenBack::Read(Session& session) {
  TakenBack taken_back;
  v1::ListImportJobsRequest request;
  request.set_filter("state = REVERTED OR state = REVERTING");
  request.set_page_size(kPageRows);
  do {
    const auto page = CallFor<v1::ListImportJobsResponse>(session, "list", request);
    const bool is_none_told =
        absl::IsPermissionDenied(page.status()) || absl::IsUnimplemented(page.status());
    if (is_none_told) return taken_back;
    KITH_RETURN_IF_ERROR(page.status());
    for (const v1::ImportJob& job : page->import_jobs()) {
      KITH_RETURN_IF_ERROR(taken_back.ReadJob(session, job.name()));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return taken_back;
}

absl::Status TakenBack::ReadJob(Session& session, const std::string& import_job) {
  v1::ListImportJobChangesRequest request;
  request.set_name(import_job);
  request.set_page_size(kPageRows);
  do {
    KITH_ASSIGN_OR_RETURN(const auto page, CallFor<v1::ListImportJobChangesResponse>(
                                               session, "list-import-job-changes", request));
    std::map<std::string, std::vector<std::string>> created;  // by collection
    std::map<std::string, std::string> ids;
    for (const v1::ImportJobChange& change : page.changes()) {
      if (!change.reverted() || change.request_id().empty()) continue;
      if (!change.created()) {
        jobs_[change.request_id()] = import_job;
        continue;
      }
      created[change.record().substr(0, change.record().find('/'))].push_back(change.record());
      ids[change.record()] = change.request_id();
    }
    for (auto& [collection, names] : created) {
      KITH_ASSIGN_OR_RETURN(const std::vector<std::string> missing,
                            MissingOf(session, collection, std::move(names)));
      for (const std::string& name : missing) jobs_[ids[name]] = import_job;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

void TakenBack::Renew(std::vector<PlannedCall>& calls) const {
  if (jobs_.empty() || calls.empty()) return;
  const Message& first = *calls.front().request;
  const FieldDescriptor* const id = RequestIdOf(first);
  if (id == nullptr) return;
  for (auto job = jobs_.find(first.GetReflection()->GetString(first, id)); job != jobs_.end();
       job = jobs_.find(first.GetReflection()->GetString(first, id))) {
    for (PlannedCall& call : calls) cli::Renew(job->second, call);
  }
}

void TakenBack::Renew(PlannedCall& call) const {
  std::vector<PlannedCall> calls;
  calls.push_back(std::move(call));
  Renew(calls);
  call = std::move(calls.front());
}

}  // namespace kith::cli
