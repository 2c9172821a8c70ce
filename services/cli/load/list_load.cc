// The loads that read many rows a call: pages of deals and of contacts, the board and the forecast.
#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/scoring_models/v1/scores_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_subjects.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::deals::v1;
using Service = v1::DealsService;

constexpr int kPage = 50;

// What a page is asked for by.
struct PageQuery {
  std::string filter;
  std::string order_by;
};

template <class Service, class Request, class Response>
class ListCaller final : public UnaryCaller<Service, Request, Response> {
 public:
  using Base = UnaryCaller<Service, Request, Response>;
  ListCaller(const LoadTarget& target, const std::vector<PageQuery>& queries,
             const std::shared_ptr<grpc::Channel>& channel, typename Base::Method method,
             int caller)
      : Base(target, channel, method), target_(target), queries_(queries), caller_(caller) {}

 private:
  void Fill(uint64_t number, Request* request) override {
    const PageQuery& query = PickFor(queries_, caller_, number);
    request->set_page_size(kPage);
    request->set_filter(query.filter);
    request->set_order_by(query.order_by);
    if (target_.as_of) *request->mutable_read() = target_.read;
  }

  const LoadTarget& target_;
  const std::vector<PageQuery>& queries_;
  const int caller_;
};

// Pages of deals: of each of some deals, what is asked for by it.
class ListDealsLoad final : public LoadKind {
 public:
  using Ask = PageQuery (*)(const v1::Deal& deal, const v1::Deal& other);
  explicit ListDealsLoad(Ask ask) : ask_(ask) {}

  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override;
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    using Caller = ListCaller<Service, v1::ListDealsRequest, v1::ListDealsResponse>;
    constexpr Caller::Method kListDeals = &Service::StubInterface::async_interface::ListDeals;
    return std::make_unique<Caller>(*target_, queries_, channel, kListDeals, number);
  }

 private:
  const Ask ask_;
  const LoadTarget* target_ = nullptr;
  std::vector<PageQuery> queries_;
};

std::tuple<int, int, int> ClosingDay(const v1::Deal& deal) {
  const google::type::Date& day = deal.expected_close_date();
  return {day.year(), day.month(), day.day()};
}

// Only of deals that close in the earlier half, so that a page is full.
absl::Status ListDealsLoad::Prepare(const LoadTarget& target,
                                    const std::shared_ptr<grpc::Channel>& channel) {
  target_ = &target;
  KITH_ASSIGN_OR_RETURN(std::vector<v1::Deal> deals, FindDeals(target, channel));
  std::sort(deals.begin(), deals.end(),
            [](const v1::Deal& a, const v1::Deal& b) { return ClosingDay(a) < ClosingDay(b); });
  deals.resize((deals.size() + 1) / 2);
  for (size_t i = 0; i < deals.size(); ++i) {
    const auto other = std::find_if(deals.begin(), deals.end(), [&](const v1::Deal& deal) {
      return deal.stage() != deals[i].stage();
    });
    queries_.push_back(ask_(deals[i], other == deals.end() ? deals[i] : *other));
  }
  return absl::OkStatus();
}

// From the day it is expected to close on: each call reads another part of the index.
std::string FromClosingDay(const v1::Deal& deal) {
  if (!deal.has_expected_close_date()) return "";
  return absl::StrCat(" AND expected_close_date >= \"", FormatDate(deal.expected_close_date()),
                      "\"");
}

PageQuery OfItsStage(const v1::Deal& deal, const v1::Deal&) {
  return {absl::StrCat("stage = \"", deal.stage(), "\"", FromClosingDay(deal)),
          "expected_close_date"};
}

PageQuery OfEitherStage(const v1::Deal& deal, const v1::Deal& other) {
  return {absl::StrCat("(stage = \"", deal.stage(), "\" OR stage = \"", other.stage(), "\")",
                       FromClosingDay(deal)),
          "expected_close_date"};
}

PageQuery OfLessAmount(const v1::Deal& deal, const v1::Deal&) {
  std::string filter = "status = OPEN";
  if (deal.has_amount()) {
    absl::StrAppend(&filter, " AND amount <= \"", deal.amount().units(), " ",
                    deal.amount().currency_code(), "\"");
  }
  return {std::move(filter), "amount desc"};
}

// As it stands within the quotes of a filter.
std::string Escaped(absl::string_view word) {
  return absl::StrReplaceAll(word, {{"\\", "\\\\"}, {"\"", "\\\""}, {"*", "\\*"}});
}

// Pages of contacts: of each of some contacts, what is asked for by the first word of its name.
class ListContactsLoad final : public LoadKind {
 public:
  using Ask = PageQuery (*)(absl::string_view word);
  explicit ListContactsLoad(Ask ask) : ask_(ask) {}

  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    KITH_ASSIGN_OR_RETURN(const auto found, FindContacts(target, channel));
    for (const contacts::v1::Contact& contact : found) {
      const std::vector<std::string> words = absl::StrSplit(contact.display_name(), ' ');
      queries_.push_back(ask_(Escaped(words.front())));
    }
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    using Contacts = contacts::v1::ContactsService;
    using Caller =
        ListCaller<Contacts, contacts::v1::ListContactsRequest, contacts::v1::ListContactsResponse>;
    constexpr Caller::Method kListContacts =
        &Contacts::StubInterface::async_interface::ListContacts;
    return std::make_unique<Caller>(*target_, queries_, channel, kListContacts, number);
  }

 private:
  const Ask ask_;
  const LoadTarget* target_ = nullptr;
  std::vector<PageQuery> queries_;
};

PageQuery WhoseNameBegins(absl::string_view word) {
  return {absl::StrCat("display_name = \"", word, " *\""), "display_name"};
}
PageQuery WithTheWord(absl::string_view word) { return {absl::StrCat("\"", word, "\""), ""}; }
PageQuery WithNoSuchWord(absl::string_view word) { return WithTheWord(absl::StrCat(word, "zzq")); }

// Asks the same again and again.
template <class Service, class Request, class Response>
class SameQuestionLoad final : public LoadKind {
 public:
  using Base = UnaryCaller<Service, Request, Response>;
  SameQuestionLoad(typename Base::Method method, Request question)
      : method_(method), question_(std::move(question)) {}

  absl::Status Prepare(const LoadTarget& target, const std::shared_ptr<grpc::Channel>&) override {
    target_ = &target;
    if (target.as_of) *question_.mutable_read() = target.read;
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int) override {
    return std::make_unique<Caller>(*target_, channel, method_, question_);
  }

 private:
  class Caller final : public Base {
   public:
    Caller(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel,
           typename Base::Method method, const Request& question)
        : Base(target, channel, method), question_(question) {}

   private:
    void Fill(uint64_t, Request* request) override { *request = question_; }

    const Request& question_;
  };

  const typename Base::Method method_;
  Request question_;
  const LoadTarget* target_ = nullptr;
};

// Pages of what the first model that there is makes of records, the most first.
class ListScoresLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    scoring_models::v1::ListScoringModelsRequest request;
    request.set_page_size(1);
    scoring_models::v1::ListScoringModelsResponse response;
    grpc::ClientContext context;
    Authorise(target, &context);
    const grpc::Status listed =
        scoring_models::v1::ScoringModelsService::NewStub(channel)->ListScoringModels(
            &context, request, &response);
    if (!listed.ok()) return StatusOf(listed);
    if (response.scoring_models().empty()) {
      return absl::FailedPreconditionError("there is no scoring model to call about");
    }
    scoring_models::v1::ListScoresRequest question;
    question.set_model(response.scoring_models(0).name());
    question.set_page_size(kPage);
    constexpr Pages::Base::Method kListScores = &Scores::StubInterface::async_interface::ListScores;
    pages_ = std::make_unique<Pages>(kListScores, std::move(question));
    return pages_->Prepare(target, channel);
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return pages_->NewCaller(channel, number);
  }

 private:
  using Scores = scoring_models::v1::ScoresService;
  using Pages = SameQuestionLoad<Scores, scoring_models::v1::ListScoresRequest,
                                 scoring_models::v1::ListScoresResponse>;

  std::unique_ptr<Pages> pages_;
};

}  // namespace

std::unique_ptr<LoadKind> NewListDealsLoad() { return std::make_unique<ListDealsLoad>(OfItsStage); }
std::unique_ptr<LoadKind> NewListEitherLoad() {
  return std::make_unique<ListDealsLoad>(OfEitherStage);
}
std::unique_ptr<LoadKind> NewListByAmountLoad() {
  return std::make_unique<ListDealsLoad>(OfLessAmount);
}
std::unique_ptr<LoadKind> NewListByNameLoad() {
  return std::make_unique<ListContactsLoad>(WhoseNameBegins);
}
std::unique_ptr<LoadKind> NewFindContactLoad() {
  return std::make_unique<ListContactsLoad>(WithTheWord);
}
std::unique_ptr<LoadKind> NewFindNobodyLoad() {
  return std::make_unique<ListContactsLoad>(WithNoSuchWord);
}
std::unique_ptr<LoadKind> NewListByScoreLoad() { return std::make_unique<ListScoresLoad>(); }
std::unique_ptr<LoadKind> NewBoardLoad() {
  using Load = SameQuestionLoad<Service, v1::GetPipelineBoardRequest, v1::PipelineBoard>;
  constexpr Load::Base::Method kGetPipelineBoard =
      &Service::StubInterface::async_interface::GetPipelineBoard;
  return std::make_unique<Load>(kGetPipelineBoard, v1::GetPipelineBoardRequest());
}
std::unique_ptr<LoadKind> NewForecastLoad() {
  using Forecasts = forecast::v1::ForecastService;
  using Load =
      SameQuestionLoad<Forecasts, forecast::v1::QueryForecastRequest, forecast::v1::Forecast>;
  forecast::v1::QueryForecastRequest question;
  question.add_group_by(forecast::v1::MONTH);
  question.add_group_by(forecast::v1::CATEGORY);
  constexpr Load::Base::Method kQueryForecast =
      &Forecasts::StubInterface::async_interface::QueryForecast;
  return std::make_unique<Load>(kQueryForecast, std::move(question));
}

}  // namespace kith::cli
