#include "tests/services/cli/fake_server.h"

#include <grpcpp/generic/generic_stub.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace kith::cli {
namespace {

// A refusal in the form of Kith's.
grpc::Status Refusal(grpc::StatusCode code, const std::string& message, const std::string& reason,
                     const google::protobuf::Message* detail = nullptr) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("kith.test");
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  if (detail != nullptr) status.add_details()->PackFrom(*detail);
  return grpc::Status(code, message, status.SerializeAsString());
}

grpc::Status FieldRefusal(const std::string& field, const std::string& description) {
  google::rpc::BadRequest bad_request;
  for (int i = 0; i < 2; ++i) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(absl::StrCat(field, i));
    violation->set_description(description);
  }
  return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "A field breaks a rule.", "INVALID_FIELD",
                 &bad_request);
}

}  // namespace

grpc::Status FakeUsers::CreateUser(grpc::ServerContext*,
                                   const users::v1::CreateUserRequest* request,
                                   users::v1::User* response) {
  MutexLock lock(mutex_);
  *response = request->user();
  response->set_name(absl::StrCat("users/", users_.size() + 1));
  users_.push_back(*response);
  return grpc::Status::OK;
}

grpc::Status FakeUsers::ListUsers(grpc::ServerContext*, const users::v1::ListUsersRequest* request,
                                  users::v1::ListUsersResponse* response) {
  MutexLock lock(mutex_);
  for (const users::v1::User& user : users_) {
    if (absl::StrContains(request->filter(), absl::StrCat("\"", user.display_name(), "\""))) {
      *response->add_users() = user;
    }
  }
  return grpc::Status::OK;
}

grpc::Status FakeUsers::BatchGetUsers(grpc::ServerContext*,
                                      const users::v1::BatchGetUsersRequest* request,
                                      users::v1::BatchGetUsersResponse* response) {
  MutexLock lock(mutex_);
  for (const std::string& name : request->names()) {
    const auto found = std::find_if(users_.begin(), users_.end(),
                                    [&](const auto& user) { return user.name() == name; });
    if (found == users_.end()) {
      response->add_missing(name);
    } else {
      *response->add_users() = *found;
    }
  }
  return grpc::Status::OK;
}

grpc::Status FakeImportJobs::CreateImportJob(grpc::ServerContext* context,
                                             const import_jobs::v1::CreateImportJobRequest* request,
                                             import_jobs::v1::ImportJob* response) {
  MutexLock lock(mutex_);
  *response = request->import_job();
  response->set_name(absl::StrCat("importJobs/", jobs_.size() + 1));
  response->set_state(import_jobs::v1::RUNNING);
  jobs_.push_back(*response);
  context->AddInitialMetadata("kith-token", absl::StrCat("token-", jobs_.size()));
  return grpc::Status::OK;
}

grpc::Status FakeImportJobs::GetImportJob(grpc::ServerContext*,
                                          const import_jobs::v1::GetImportJobRequest* request,
                                          import_jobs::v1::ImportJob* response) {
  MutexLock lock(mutex_);
  for (const import_jobs::v1::ImportJob& job : jobs_) {
    if (job.name() == request->name()) *response = job;
  }
  return response->name().empty()
             ? Refusal(grpc::StatusCode::NOT_FOUND, "No such job.", "IMPORT_JOB_NOT_FOUND")
             : grpc::Status::OK;
}

template <class Request>
grpc::Status FakeImportJobs::TakeProgress(const Request& request,
                                          import_jobs::v1::ImportState state,
                                          import_jobs::v1::ImportJob* response) {
  MutexLock lock(mutex_);
  if (cancelled_) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "It is cancelled.", "NOT_RUNNING");
  }
  for (import_jobs::v1::ImportJob& job : jobs_) {
    if (job.name() != request.name()) continue;
    job.set_state(state);
    job.set_position(request.position());
    job.set_created_count(request.counts().created());
    job.set_updated_count(request.counts().updated());
    job.set_unchanged_count(request.counts().unchanged());
    job.set_rejected_count(request.counts().rejected());
    rejections_.insert(rejections_.end(), request.rejections().begin(), request.rejections().end());
    *response = job;
  }
  return grpc::Status::OK;
}

grpc::Status FakeImportJobs::AdvanceImportJob(
    grpc::ServerContext*, const import_jobs::v1::AdvanceImportJobRequest* request,
    import_jobs::v1::ImportJob* response) {
  return TakeProgress(*request, import_jobs::v1::RUNNING, response);
}

grpc::Status FakeImportJobs::CompleteImportJob(
    grpc::ServerContext*, const import_jobs::v1::CompleteImportJobRequest* request,
    import_jobs::v1::ImportJob* response) {
  return TakeProgress(*request, import_jobs::v1::COMPLETED, response);
}

grpc::Status FakeImportJobs::ResumeImportJob(grpc::ServerContext* context,
                                             const import_jobs::v1::ResumeImportJobRequest* request,
                                             import_jobs::v1::ImportJob* response) {
  MutexLock lock(mutex_);
  for (import_jobs::v1::ImportJob& job : jobs_) {
    if (job.name() != request->name()) continue;
    if (job.file_digest() != request->file_digest()) {
      return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "Another file.", "FILE_DIFFERS");
    }
    job.set_state(import_jobs::v1::RUNNING);
    *response = job;
  }
  cancelled_ = false;
  context->AddInitialMetadata("kith-token", "token-resumed");
  return grpc::Status::OK;
}

grpc::Status FakeImportJobs::ListImportJobChanges(
    grpc::ServerContext*, const import_jobs::v1::ListImportJobChangesRequest*,
    import_jobs::v1::ListImportJobChangesResponse*) {
  return grpc::Status::OK;
}

grpc::Status FakeSavedViews::CreateSavedView(grpc::ServerContext*,
                                             const saved_views::v1::CreateSavedViewRequest* request,
                                             saved_views::v1::SavedView* response) {
  MutexLock lock(mutex_);
  *response = request->saved_view();
  response->set_name(absl::StrCat("savedViews/", saved_views_.size() + 1));
  saved_views_.push_back(*response);
  return grpc::Status::OK;
}

grpc::Status FakeSavedViews::GetSavedView(grpc::ServerContext*,
                                          const saved_views::v1::GetSavedViewRequest* request,
                                          saved_views::v1::SavedView* response) {
  MutexLock lock(mutex_);
  for (const saved_views::v1::SavedView& view : saved_views_) {
    if (view.name() == request->name()) *response = view;
  }
  return response->name().empty()
             ? Refusal(grpc::StatusCode::NOT_FOUND, "No such view.", "SAVED_VIEW_NOT_FOUND")
             : grpc::Status::OK;
}

grpc::Status FakeSavedViews::ListSavedViews(grpc::ServerContext*,
                                            const saved_views::v1::ListSavedViewsRequest* request,
                                            saved_views::v1::ListSavedViewsResponse* response) {
  MutexLock lock(mutex_);
  for (const saved_views::v1::SavedView& view : saved_views_) {
    const std::string filter = absl::StrCat("resource = ", view.resource(),
                                            " AND display_name = \"", view.display_name(), "\"");
    if (request->filter() == filter) *response->add_saved_views() = view;
  }
  return grpc::Status::OK;
}

bool FakeDeals::Remember(grpc::ServerContext* context, const std::string& request_id,
                         std::string digest) {
  const auto [found, is_new] = requests_.emplace(request_id, digest);
  if (!is_new) context->AddInitialMetadata("kith-repeated", "true");
  return found->second == digest;
}

void FakeDeals::NoteCaller(const grpc::ServerContext& context) {
  const auto said = [&](const char* key) {
    const auto found = context.client_metadata().find(key);
    return found == context.client_metadata().end()
               ? std::string()
               : std::string(found->second.data(), found->second.size());
  };
  authorization_ = said("authorization");
  on_behalf_of_ = said("kith-on-behalf-of");
}

grpc::Status FakeDeals::CreateDeal(grpc::ServerContext* context,
                                   const deals::v1::CreateDealRequest* request,
                                   deals::v1::Deal* response) {
  MutexLock lock(mutex_);
  NoteCaller(*context);
  if (request->deal().display_name() == "whose?") {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED, "The key is unknown.", "UNAUTHENTICATED");
  }
  if (request->deal().display_name() == "refuse me") {
    return FieldRefusal("deal.display_name", "is not wanted");
  }
  if (!Remember(context, request->request_id(), request->SerializeAsString())) {
    return Refusal(grpc::StatusCode::ALREADY_EXISTS, "The request id was used before.",
                   "REQUEST_ID_REUSED");
  }
  *response = request->deal();
  response->set_name(absl::StrCat("deals/", request->deal_id()));
  response->set_status(deals::v1::OPEN);
  deals_[response->name()] = *response;
  return grpc::Status::OK;
}

grpc::Status FakeDeals::WinDeal(grpc::ServerContext* context,
                                const deals::v1::WinDealRequest* request,
                                deals::v1::Deal* response) {
  MutexLock lock(mutex_);
  Remember(context, request->request_id(), request->SerializeAsString());
  deals::v1::Deal& deal = deals_[request->name()];
  deal.set_status(deals::v1::WON);
  *deal.mutable_amount() = request->amount();
  *response = deal;
  return grpc::Status::OK;
}

grpc::Status FakeDeals::MoveDeal(grpc::ServerContext*, const deals::v1::MoveDealRequest* request,
                                 deals::v1::Deal* response) {
  MutexLock lock(mutex_);
  deals::v1::Deal& deal = deals_[request->name()];
  deal.set_stage(request->stage());
  *response = deal;
  return grpc::Status::OK;
}

grpc::Status FakeDeals::GetDeal(grpc::ServerContext* context,
                                const deals::v1::GetDealRequest* request,
                                deals::v1::Deal* response) {
  MutexLock lock(mutex_);
  NoteCaller(*context);
  const auto found = deals_.find(request->name());
  if (found == deals_.end()) {
    return Refusal(grpc::StatusCode::NOT_FOUND, "No such deal.", "DEAL_NOT_FOUND");
  }
  *response = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeDeals::ListDeals(grpc::ServerContext* context,
                                  const deals::v1::ListDealsRequest* request,
                                  deals::v1::ListDealsResponse* response) {
  MutexLock lock(mutex_);
  NoteCaller(*context);
  listed_ = *request;
  // A server may give fewer than are asked for: pages of two, and by a scan none for long.
  constexpr int kPage = 2;
  constexpr int kFarPages = 120;
  if (request->filter() == "product = far") {
    const int page = ++far_pages_;
    if (page < kFarPages) {
      response->set_next_page_token("0");
    } else if (!deals_.empty()) {
      *response->add_deals() = deals_.begin()->second;
    }
    return grpc::Status::OK;
  }
  int begin = 0;
  if (!request->page_token().empty() && !absl::SimpleAtoi(request->page_token(), &begin)) {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "", "INVALID_PAGE_TOKEN");
  }
  int index = 0;
  for (const auto& [name, deal] : deals_) {
    if (index >= begin && index < begin + kPage) *response->add_deals() = deal;
    ++index;
  }
  if (request->has_summary()) {
    auto& summary = *response->mutable_summary();
    if (request->summary().total_size()) summary.set_total_size(index);
    if (request->summary().explain()) {
      summary.mutable_plan()->add_stretches();
      summary.mutable_plan()->set_looked_at(index);
    }
  }
  if (begin + kPage < index) response->set_next_page_token(absl::StrCat(begin + kPage));
  return grpc::Status::OK;
}

grpc::Status FakeInteractions::IngestInteractions(
    grpc::ServerContext*,
    grpc::ServerReaderWriter<interactions::v1::IngestInteractionsResponse,
                             interactions::v1::IngestInteractionsRequest>* stream) {
  interactions::v1::IngestInteractionsRequest message;
  for (int index = 0; stream->Read(&message); ++index) {
    interactions::v1::IngestInteractionsResponse response;
    MutexLock lock(mutex_);
    request_ids_.push_back(message.request_id());
    for (int i = 0; i < message.items_size(); ++i) {
      const std::string& parent = message.items(i).parent();
      if (parent == "contacts/end") return Refusal(grpc::StatusCode::UNAVAILABLE, "Bye.", "ENDS");
      auto* const result = response.add_results();
      result->set_message_index(index);
      result->set_item_index(i);
      if (parent.empty() || parent == "contacts/nobody") {
        result->mutable_status()->set_code(grpc::StatusCode::NOT_FOUND);
        result->mutable_status()->set_message("No such contact.");
      } else {
        result->set_name(parent + "/interactions/" + message.items(i).interaction().subject());
      }
    }
    stream->Write(response);
  }
  return grpc::Status::OK;
}

grpc::Status FakeForecast::QueryForecast(grpc::ServerContext*,
                                         const forecast::v1::QueryForecastRequest* request,
                                         forecast::v1::Forecast* response) {
  constexpr int64_t kWon = 15'000;
  forecast::v1::ForecastRow& total = *response->add_totals();
  total.set_currency_code("EUR");
  total.set_won_count(1);
  total.mutable_won_amount()->set_currency_code("EUR");
  total.mutable_won_amount()->set_units(kWon);
  *response->add_rows() = total;  // of whatever it is grouped by
  // Open deals without an amount, and one in another currency that was lost.
  response->add_totals()->set_open_count(2);
  *response->add_rows() = response->totals(1);
  auto& lost = *response->add_totals();
  lost.set_currency_code("USD");
  lost.set_lost_count(1);
  *response->add_rows() = lost;
  if (!request->has_quota()) return grpc::Status::OK;
  const int64_t quota = request->quota().units();
  total.mutable_quota_gap()->set_currency_code("EUR");
  total.mutable_quota_gap()->set_units(quota - kWon);
  if (quota > 0) total.set_attainment_percent(100.0 * kWon / static_cast<double>(quota));
  return grpc::Status::OK;
}

grpc::Status FakeSessions::RunSession(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<sessions::v1::RunSessionResponse, sessions::v1::RunSessionRequest>*
        stream) {
  if (refuses_) {
    return Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "Too many sessions.", "LIMIT_REACHED");
  }
  std::vector<std::string> methods;
  sessions::v1::RunSessionRequest message;
  while (stream->Read(&message)) {
    methods.insert(methods.end(), message.methods().begin(), message.methods().end());
    std::vector<sessions::v1::RunSessionResponse::Outcome> outcomes;
    for (const auto& call : message.calls()) {
      outcomes.push_back(Make(*context, methods.at(call.method()), call));
    }
    sessions::v1::RunSessionResponse response;
    for (auto outcome = outcomes.rbegin(); outcome != outcomes.rend(); ++outcome) {
      *response.add_outcomes() = std::move(*outcome);
    }
    stream->Write(response);
  }
  return grpc::Status::OK;
}

sessions::v1::RunSessionResponse::Outcome FakeSessions::Make(
    const grpc::ServerContext& context, const std::string& method,
    const sessions::v1::RunSessionRequest::Call& call) {
  ++calls_;
  grpc::ClientContext made;
  const auto key = context.client_metadata().find("authorization");
  if (key != context.client_metadata().end()) {
    made.AddMetadata("authorization", std::string(key->second.data(), key->second.size()));
  }
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const grpc::Slice request(call.request());
  const grpc::ByteBuffer bytes(&request, 1);
  grpc::ByteBuffer reply;
  grpc::Status status;
  const auto reader = stub.PrepareUnaryCall(&made, "/" + method, bytes, &queue);
  reader->StartCall();
  reader->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);

  sessions::v1::RunSessionResponse::Outcome outcome;
  outcome.set_id(call.id());
  if (!status.ok()) {
    outcome.mutable_status()->ParseFromString(status.error_details());
    outcome.mutable_status()->set_code(status.error_code());
    outcome.mutable_status()->set_message(status.error_message());
    return outcome;
  }
  std::vector<grpc::Slice> slices;
  if (reply.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      outcome.mutable_reply()->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  outcome.set_repeated(made.GetServerInitialMetadata().count("kith-repeated") > 0);
  return outcome;
}

FakeServer::FakeServer(bool sessions) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&users_);
  builder.RegisterService(&import_jobs_);
  builder.RegisterService(&saved_views_);
  builder.RegisterService(&deals_);
  builder.RegisterService(&interactions_);
  builder.RegisterService(&companies_);
  builder.RegisterService(&forecast_);
  if (sessions) builder.RegisterService(&sessions_);
  server_ = builder.BuildAndStart();
  sessions_.SetChannel(NewChannel());
}

FakeServer::~FakeServer() {
  sessions_.SetChannel(nullptr);
  server_->Shutdown();
}

std::shared_ptr<grpc::Channel> FakeServer::NewChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

}  // namespace kith::cli
