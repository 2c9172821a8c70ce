// The loads that read many rows a call: a page of deals, and the board.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_subjects.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::deals::v1;
using Service = v1::DealsService;

constexpr int kPage = 50;

class ListDealsCaller final
    : public UnaryCaller<Service, v1::ListDealsRequest, v1::ListDealsResponse> {
 public:
  ListDealsCaller(const LoadTarget& target, const std::vector<std::string>& filters,
                  const std::shared_ptr<grpc::Channel>& channel, int caller)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::ListDeals),
        target_(target),
        filters_(filters),
        caller_(caller) {}

 private:
  void Fill(uint64_t number, v1::ListDealsRequest* request) override {
    request->set_page_size(kPage);
    request->set_filter(PickFor(filters_, caller_, number));
    request->set_order_by("expected_close_date");
    if (target_.as_of) *request->mutable_read() = target_.read;
  }

  const LoadTarget& target_;
  const std::vector<std::string>& filters_;
  const int caller_;
};

std::tuple<int, int, int> ClosingDay(const v1::Deal& deal) {
  const google::type::Date& day = deal.expected_close_date();
  return {day.year(), day.month(), day.day()};
}

// The stage of some deal, from the day it is expected to close on: each call reads another part of
// the index. Only deals that close in the earlier half, so that a page is full.
class ListDealsLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    KITH_ASSIGN_OR_RETURN(std::vector<v1::Deal> deals, FindDeals(target, channel));
    std::sort(deals.begin(), deals.end(),
              [](const v1::Deal& a, const v1::Deal& b) { return ClosingDay(a) < ClosingDay(b); });
    deals.resize((deals.size() + 1) / 2);
    for (const v1::Deal& deal : deals) {
      std::string& filter = filters_.emplace_back(absl::StrCat("stage = \"", deal.stage(), "\""));
      if (deal.has_expected_close_date()) {
        absl::StrAppend(&filter, " AND expected_close_date >= \"",
                        FormatDate(deal.expected_close_date()), "\"");
      }
    }
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return std::make_unique<ListDealsCaller>(*target_, filters_, channel, number);
  }

 private:
  const LoadTarget* target_ = nullptr;
  std::vector<std::string> filters_;
};

class BoardCaller final
    : public UnaryCaller<Service, v1::GetPipelineBoardRequest, v1::PipelineBoard> {
 public:
  BoardCaller(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::GetPipelineBoard),
        target_(target) {}

 private:
  void Fill(uint64_t, v1::GetPipelineBoardRequest* request) override {
    if (target_.as_of) *request->mutable_read() = target_.read;
  }

  const LoadTarget& target_;
};

class BoardLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target, const std::shared_ptr<grpc::Channel>&) override {
    target_ = &target;
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int) override {
    return std::make_unique<BoardCaller>(*target_, channel);
  }

 private:
  const LoadTarget* target_ = nullptr;
};

}  // namespace

std::unique_ptr<LoadKind> NewListDealsLoad() { return std::make_unique<ListDealsLoad>(); }
std::unique_ptr<LoadKind> NewBoardLoad() { return std::make_unique<BoardLoad>(); }

}  // namespace kith::cli
