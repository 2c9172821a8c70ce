#include "services/scoring_models/predictions.h"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "kith/scoring_models/v1/predictions_service.pb.h"
#include "projections/scoring_models/deal_outcomes.h"
#include "projections/scoring_models/win_odds.h"
#include "projections/tables/resource_directory.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/resources/table_reads.h"

namespace kith::scoring_models {
namespace {

using deals::v1::Deal;
using deals::v1::Pipeline;
using eventstore::ReadTier;
using google::protobuf::Message;
using runtime::ReadContext;

enum : size_t { kOutcomes, kPipelines };  // the views that the method is bound with

double Rounded(double value) { return std::round(value * 1'000) / 1'000; }

// The counts of one pipeline and team, at the position of a read. Lives for one.
class Counts {
 public:
  Counts(const ReadContext& context, std::string pipeline, std::string team)
      : context_(context), pipeline_(std::move(pipeline)), team_(std::move(team)) {}

  absl::StatusOr<v1::OutcomeCount> Of(const std::string& field, const std::string& value) const {
    KITH_ASSIGN_OR_RETURN(
        auto found, DealOutcomes::Counts().Get(
                        context_.view(kOutcomes), context_.workspace(),
                        DealOutcomes::CountKey(pipeline_, team_, field, value), ReadTier::kDisk));
    return found.has_value() ? *std::move(found) : v1::OutcomeCount();
  }
  absl::StatusOr<Outcomes> All() const {
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount all, Of("", ""));
    return Outcomes{all.won_count(), all.lost_count()};
  }
  // Of a value that some closed deal had; nullopt of others.
  absl::StatusOr<std::optional<ValueOutcomes>> OfValue(const std::string& field,
                                                       const std::string& value) const {
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount of_value, Of(field, value));
    if (value.empty() || of_value.won_count() + of_value.lost_count() == 0) return std::nullopt;
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount of_field, Of(field, ""));
    return ValueOutcomes{{of_value.won_count(), of_value.lost_count()},
                         {of_field.won_count(), of_field.lost_count()},
                         of_field.value_count()};
  }
  // The deals that came as far as a stage: all that were won, and those that were lost there or
  // later. Of a stage that is not there any more only those in it are known to have.
  absl::StatusOr<Outcomes> AsFar(const Pipeline& pipeline, const std::string& stage) const {
    KITH_ASSIGN_OR_RETURN(Outcomes as_far, All());
    bool is_before = true;
    for (const deals::v1::Stage& one : pipeline.stages()) {
      if (one.name() == stage) is_before = false;
      if (!is_before) continue;
      KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount lost, Of(kStageField, one.name()));
      as_far.lost -= lost.lost_count();
    }
    if (!is_before) return as_far;
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount lost, Of(kStageField, stage));
    as_far.lost = lost.lost_count();
    return as_far;
  }

 private:
  const ReadContext& context_;
  const std::string pipeline_;
  const std::string team_;
};

absl::Status Explain(const ReadContext& context, const Deal& deal, const Counts& counts,
                     v1::DealPrediction* told) {
  KITH_ASSIGN_OR_RETURN(const Outcomes all, counts.All());
  told->set_won_count(all.won);
  told->set_lost_count(all.lost);
  KITH_ASSIGN_OR_RETURN(const auto pipeline, projections::DirectoryRows<Pipeline>().Get(
                                                 context.view(kPipelines), context.workspace(),
                                                 deal.pipeline(), ReadTier::kDisk));
  KITH_ASSIGN_OR_RETURN(const Outcomes as_far,
                        counts.AsFar(pipeline.has_value() ? *pipeline : Pipeline(), deal.stage()));
  const auto add = [&](const std::string& field, const std::string& value, const Outcomes& of,
                       double share) {
    v1::PredictionFactor& factor = *told->add_factors();
    factor.set_field(field);
    factor.set_value(value);
    factor.set_won_count(of.won);
    factor.set_lost_count(of.lost);
    factor.set_share(Rounded(share));
  };
  std::vector<ValueOutcomes> fields;
  for (const char* const field : kCountedFields) {
    const std::string value = CountedText(deal, field);
    KITH_ASSIGN_OR_RETURN(const auto found, counts.OfValue(field, value));
    if (!found.has_value()) continue;
    fields.push_back(*found);
    add(field, value, found->of_value, ShareOf(*found));
  }
  add(kStageField, deal.stage(), as_far, StageShareOf(all, as_far));
  const std::optional<int64_t> odds = OddsOf(all, as_far, fields);
  if (!odds.has_value()) return absl::OkStatus();
  told->set_automatic_probability(static_cast<double>(*odds) / 100);
  if (!told->overridden()) told->set_probability(told->automatic_probability());
  return absl::OkStatus();
}

absl::Status Predict(const runtime::MethodTable& methods, const ReadContext& context,
                     const v1::PredictDealRequest& request, v1::DealPrediction* told) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> record,
                        runtime::ReadRecord(context, methods, request.deal()));
  const auto& deal = static_cast<const Deal&>(*record);
  told->set_deal(deal.name());
  told->set_pipeline(deal.pipeline());
  KITH_ASSIGN_OR_RETURN(
      const auto user,
      DealOutcomes::Teams().Get(context.view(kOutcomes), context.workspace(),
                                deal.owner().empty() ? "-" : deal.owner(), ReadTier::kDisk));
  if (user.has_value()) told->set_team(user->team());
  if (deal.status() != deals::v1::OPEN) {
    told->set_probability(deal.status() == deals::v1::WON ? 100 : 0);
    return absl::OkStatus();
  }
  told->set_overridden(deal.has_probability());
  if (deal.has_probability()) told->set_probability(deal.probability());
  return Explain(context, deal, Counts(context, deal.pipeline(), told->team()), told);
}

absl::Status ListCounts(const ReadContext& context, const v1::ListOutcomeCountsRequest& request,
                        v1::ListOutcomeCountsResponse* response) {
  // Counts of a few deals tell of each of them.
  KITH_RETURN_IF_ERROR(runtime::CheckReachesAll(context.caller, "deals.read"));
  projections::ListQuery query{
      .filter = request.filter(), .order_by = request.order_by(), .page_size = request.page_size()};
  if (request.has_summary()) {
    query.summarise = &request.summary();
    query.summary = response->mutable_summary();
  }
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        runtime::ListRows(context, DealOutcomes::Counts().core(), query,
                                          [&] { return response->add_outcome_counts(); }));
  return absl::OkStatus();
}

}  // namespace

void BindPredictions(runtime::MethodTable& methods) {
  methods.Read(
      runtime::MethodOf<v1::PredictDealRequest>(), {DealOutcomes::kName, "pipeline_list"},
      runtime::ReadKind::kScan,
      [&methods](const ReadContext& context, const Message& request, Message* response) {
        return Predict(methods, context, static_cast<const v1::PredictDealRequest&>(request),
                       static_cast<v1::DealPrediction*>(response));
      },
      [&methods](const Message&) {
        const runtime::BoundMethod* const get = runtime::FindGet(methods, "deals");
        KITH_CHECK(get != nullptr);
        return get->views();
      });
  methods.Read(DealOutcomes::kName, runtime::ReadKind::kScan, ListCounts);
}

}  // namespace kith::scoring_models
