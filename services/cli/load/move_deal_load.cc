// The load of one move of a deal a call: every call another deal, until all have had their turn.
#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_subjects.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::deals::v1;
using Service = v1::DealsService;

// The open stages of the default pipeline, in its order.
absl::StatusOr<std::vector<std::string>> FindStages(const LoadTarget& target,
                                                    const std::shared_ptr<grpc::Channel>& channel) {
  v1::GetPipelineRequest request;
  request.set_name("pipelines/default");
  v1::Pipeline pipeline;
  grpc::ClientContext context;
  Authorise(target, &context);
  const grpc::Status status =
      v1::PipelinesService::NewStub(channel)->GetPipeline(&context, request, &pipeline);
  if (!status.ok()) return StatusOf(status);
  std::vector<std::string> stages;
  for (const v1::Stage& stage : pipeline.stages()) {
    if (stage.kind() == v1::OPEN_STAGE && !stage.archived()) stages.push_back(stage.name());
  }
  if (stages.size() < 2) {
    return absl::FailedPreconditionError("the default pipeline has no two open stages");
  }
  return stages;
}

int64_t StaysOf(const v1::Deal& deal) {
  return deal.stage_intervals_size() + deal.earlier_stage_interval_count();
}

// Deals in turns, each to the stage behind the one it stands in; first those that were moved least,
// so that one run after the other takes them alike. Thread-safe.
class MovingDeals {
 public:
  MovingDeals(std::vector<v1::Deal> deals, std::vector<std::string> stages)
      : stages_(std::move(stages)) {
    std::stable_sort(deals.begin(), deals.end(),
                     [](const v1::Deal& a, const v1::Deal& b) { return StaysOf(a) < StaysOf(b); });
    for (const v1::Deal& deal : deals) {
      const auto stage = std::find(stages_.begin(), stages_.end(), deal.stage());
      deals_.push_back({deal.name(), static_cast<size_t>(stage - stages_.begin())});
    }
  }

  // The next deal, and the stage it enters. The views live as long as this.
  std::pair<absl::string_view, absl::string_view> Next() {
    const uint64_t turn = next_.fetch_add(1, std::memory_order_relaxed);
    const Deal& deal = deals_[turn % deals_.size()];
    const uint64_t moves = 1 + turn / deals_.size();
    return {deal.name, stages_[(deal.stage + moves) % stages_.size()]};
  }

 private:
  struct Deal {
    std::string name;
    size_t stage;  // where it stood at first
  };

  const std::vector<std::string> stages_;
  std::vector<Deal> deals_;
  std::atomic<uint64_t> next_{0};
};

class MoveDealCaller final : public UnaryCaller<Service, v1::MoveDealRequest, v1::Deal> {
 public:
  MoveDealCaller(const LoadTarget& target, MovingDeals& deals,
                 const std::shared_ptr<grpc::Channel>& channel, int caller)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::MoveDeal),
        deals_(deals),
        requests_(target, caller) {}

 private:
  void Fill(uint64_t number, v1::MoveDealRequest* request) override {
    const auto [deal, stage] = deals_.Next();
    request->set_name(std::string(deal));
    request->set_stage(std::string(stage));
    request->set_request_id(requests_.Id(number));
  }

  MovingDeals& deals_;
  const RequestIds requests_;
};

class MoveDealLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    KITH_ASSIGN_OR_RETURN(std::vector<std::string> stages, FindStages(target, channel));
    KITH_ASSIGN_OR_RETURN(std::vector<v1::Deal> deals, FindOpenDeals(target, channel));
    deals_ = std::make_unique<MovingDeals>(std::move(deals), std::move(stages));
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return std::make_unique<MoveDealCaller>(*target_, *deals_, channel, number);
  }

 private:
  const LoadTarget* target_ = nullptr;
  std::unique_ptr<MovingDeals> deals_;
};

}  // namespace

std::unique_ptr<LoadKind> NewMoveDealLoad() { return std::make_unique<MoveDealLoad>(); }

}  // namespace kith::cli
