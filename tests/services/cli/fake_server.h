// FakeServer: enough of Kith's API, in memory, for the command line to talk to. It keeps no rules
// of a CRM: it answers what it was given, remembers request ids, and refuses what a test tells it
// to.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/saved_views/v1/saved_views_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"

namespace kith::cli {

// Users, found by their display name.
class FakeUsers final : public users::v1::UsersService::Service {
 public:
  grpc::Status CreateUser(grpc::ServerContext*, const users::v1::CreateUserRequest* request,
                          users::v1::User* response) override;
  grpc::Status ListUsers(grpc::ServerContext*, const users::v1::ListUsersRequest* request,
                         users::v1::ListUsersResponse* response) override;
  grpc::Status BatchGetUsers(grpc::ServerContext*, const users::v1::BatchGetUsersRequest* request,
                             users::v1::BatchGetUsersResponse* response) override;

 private:
  Mutex mutex_;
  std::vector<users::v1::User> users_ KITH_GUARDED_BY(mutex_);
};

// Import jobs, which remember what they are told.
class FakeImportJobs final : public import_jobs::v1::ImportJobsService::Service {
 public:
  grpc::Status CreateImportJob(grpc::ServerContext* context,
                               const import_jobs::v1::CreateImportJobRequest* request,
                               import_jobs::v1::ImportJob* response) override;
  grpc::Status GetImportJob(grpc::ServerContext*,
                            const import_jobs::v1::GetImportJobRequest* request,
                            import_jobs::v1::ImportJob* response) override;
  grpc::Status AdvanceImportJob(grpc::ServerContext*,
                                const import_jobs::v1::AdvanceImportJobRequest* request,
                                import_jobs::v1::ImportJob* response) override;
  grpc::Status CompleteImportJob(grpc::ServerContext*,
                                 const import_jobs::v1::CompleteImportJobRequest* request,
                                 import_jobs::v1::ImportJob* response) override;
  grpc::Status ResumeImportJob(grpc::ServerContext* context,
                               const import_jobs::v1::ResumeImportJobRequest* request,
                               import_jobs::v1::ImportJob* response) override;
  grpc::Status ListImportJobChanges(
      grpc::ServerContext*, const import_jobs::v1::ListImportJobChangesRequest* request,
      import_jobs::v1::ListImportJobChangesResponse* response) override;

  // The last one.
  import_jobs::v1::ImportJob last() {
    MutexLock lock(mutex_);
    return jobs_.empty() ? import_jobs::v1::ImportJob() : jobs_.back();
  }
  // What the rejected rows of the last one were told as.
  std::vector<import_jobs::v1::ImportRejection> rejections() {
    MutexLock lock(mutex_);
    return rejections_;
  }
  // No further job takes rows: what is told of one is refused.
  void Cancel() {
    MutexLock lock(mutex_);
    cancelled_ = true;
  }

 private:
  template <class Request>
  grpc::Status TakeProgress(const Request& request, import_jobs::v1::ImportState state,
                            import_jobs::v1::ImportJob* response) KITH_EXCLUDES(mutex_);

  Mutex mutex_;
  std::vector<import_jobs::v1::ImportJob> jobs_ KITH_GUARDED_BY(mutex_);
  std::vector<import_jobs::v1::ImportRejection> rejections_ KITH_GUARDED_BY(mutex_);
  bool cancelled_ KITH_GUARDED_BY(mutex_) = false;
};

// Saved views, found by their display name.
class FakeSavedViews final : public saved_views::v1::SavedViewsService::Service {
 public:
  grpc::Status CreateSavedView(grpc::ServerContext*,
                               const saved_views::v1::CreateSavedViewRequest* request,
                               saved_views::v1::SavedView* response) override;
  grpc::Status GetSavedView(grpc::ServerContext*,
                            const saved_views::v1::GetSavedViewRequest* request,
                            saved_views::v1::SavedView* response) override;
  grpc::Status ListSavedViews(grpc::ServerContext*,
                              const saved_views::v1::ListSavedViewsRequest* request,
                              saved_views::v1::ListSavedViewsResponse* response) override;

 private:
  Mutex mutex_;
  std::vector<saved_views::v1::SavedView> saved_views_ KITH_GUARDED_BY(mutex_);
};

// Deals. A deal called "refuse me" is refused with a violation, and the filter product = far finds
// the first of them once it was asked 120 times.
class FakeDeals final : public deals::v1::DealsService::Service {
 public:
  grpc::Status CreateDeal(grpc::ServerContext* context, const deals::v1::CreateDealRequest* request,
                          deals::v1::Deal* response) override;
  grpc::Status WinDeal(grpc::ServerContext* context, const deals::v1::WinDealRequest* request,
                       deals::v1::Deal* response) override;
  grpc::Status MoveDeal(grpc::ServerContext* context, const deals::v1::MoveDealRequest* request,
                        deals::v1::Deal* response) override;
  grpc::Status GetDeal(grpc::ServerContext* context, const deals::v1::GetDealRequest* request,
                       deals::v1::Deal* response) override;
  grpc::Status ListDeals(grpc::ServerContext* context, const deals::v1::ListDealsRequest* request,
                         deals::v1::ListDealsResponse* response) override;

  // The credentials of the last call.
  std::string authorization() {
    MutexLock lock(mutex_);
    return authorization_;
  }
  // The user for whom the last call was.
  std::string on_behalf_of() {
    MutexLock lock(mutex_);
    return on_behalf_of_;
  }
  // What the last list was asked.
  deals::v1::ListDealsRequest listed() {
    MutexLock lock(mutex_);
    return listed_;
  }

 private:
  // True, saying whether it is a repeat, unless the request id was used for something else.
  bool Remember(grpc::ServerContext* context, const std::string& request_id, std::string digest)
      KITH_REQUIRES(mutex_);
  void NoteCaller(const grpc::ServerContext& context) KITH_REQUIRES(mutex_);

  Mutex mutex_;
  std::string authorization_ KITH_GUARDED_BY(mutex_);
  std::string on_behalf_of_ KITH_GUARDED_BY(mutex_);
  deals::v1::ListDealsRequest listed_ KITH_GUARDED_BY(mutex_);
  int far_pages_ KITH_GUARDED_BY(mutex_) = 0;
  std::map<std::string, deals::v1::Deal> deals_ KITH_GUARDED_BY(mutex_);
  std::map<std::string, std::string> requests_ KITH_GUARDED_BY(mutex_);  // id → content
};

// Interactions. One about contacts/nobody is refused, as is an item without a parent; a stream with
// an item about contacts/end ends there.
class FakeInteractions final : public interactions::v1::InteractionsService::Service {
 public:
  grpc::Status IngestInteractions(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<interactions::v1::IngestInteractionsResponse,
                               interactions::v1::IngestInteractionsRequest>* stream) override;

  // Of every message so far.
  std::vector<std::string> request_ids() {
    MutexLock lock(mutex_);
    return request_ids_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> request_ids_ KITH_GUARDED_BY(mutex_);
};

// Companies that the caller does not see.
class FakeCompanies final : public companies::v1::CompaniesService::Service {
 public:
  grpc::Status BatchGetCompanies(grpc::ServerContext*,
                                 const companies::v1::BatchGetCompaniesRequest* request,
                                 companies::v1::BatchGetCompaniesResponse* response) override {
    *response->mutable_missing() = request->names();
    return grpc::Status::OK;
  }
};

// A forecast of 15,000 won, measured at the quota it is asked with.
class FakeForecast final : public forecast::v1::ForecastService::Service {
 public:
  grpc::Status QueryForecast(grpc::ServerContext*,
                             const forecast::v1::QueryForecastRequest* request,
                             forecast::v1::Forecast* response) override;
};

// Sessions, whose calls are made to the other services one after the other; their outcomes are told
// the other way round, where they came together.
class FakeSessions final : public sessions::v1::SessionsService::Service {
 public:
  grpc::Status RunSession(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<sessions::v1::RunSessionResponse, sessions::v1::RunSessionRequest>*
          stream) override;

  // Where the others are.
  void SetChannel(std::shared_ptr<grpc::Channel> channel) { channel_ = std::move(channel); }
  // There is no room for one.
  void Refuse() { refuses_ = true; }
  // So many calls came.
  int calls() const { return calls_; }

 private:
  sessions::v1::RunSessionResponse::Outcome Make(const grpc::ServerContext& context,
                                                 const std::string& method,
                                                 const sessions::v1::RunSessionRequest::Call& call);

  std::shared_ptr<grpc::Channel> channel_;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> refuses_ = false;
};

// Serves all of them inside the process. Lives on the test's thread.
class FakeServer {
 public:
  // `sessions`: there are such.
  explicit FakeServer(bool sessions = true);
  ~FakeServer();

  std::shared_ptr<grpc::Channel> NewChannel();
  FakeDeals& deals() { return deals_; }
  FakeInteractions& interactions() { return interactions_; }
  FakeImportJobs& import_jobs() { return import_jobs_; }
  FakeSessions& sessions() { return sessions_; }

 private:
  FakeUsers users_;
  FakeImportJobs import_jobs_;
  FakeSavedViews saved_views_;
  FakeDeals deals_;
  FakeInteractions interactions_;
  FakeCompanies companies_;
  FakeForecast forecast_;
  FakeSessions sessions_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace kith::cli
