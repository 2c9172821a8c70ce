#include "services/scoring_models/predictions.h"

#include <cmath>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/scoring_models/v1/predictions_service.pb.h"
#include "projections/scoring_models/deal_outcomes.h"
#include "projections/scoring_models/lead_outcomes.h"
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
using leads::v1::Lead;
using runtime::ReadContext;

enum : size_t { kOutcomes, kPipelines };  // the views that the methods are bound with

double Rounded(double value) { return std::round(value * 1'000) / 1'000; }

// How far a record is: which of its steps, from the first. Steps that are not there any more are
// none of them.
struct Reach {
  const char* field;
  std::string step;
  std::vector<std::string> steps;
};

// The counts of one pipeline and team, at the position of a read. Lives for one.
class Counts {
 public:
  Counts(const ReadContext& context, std::string pipeline, std::string team)
      : context_(context), pipeline_(std::move(pipeline)), team_(std::move(team)) {}

  absl::StatusOr<v1::OutcomeCount> Of(const std::string& field, const std::string& value) const {
    KITH_ASSIGN_OR_RETURN(
        auto found, RecordOutcomes::Counts().Get(
                        context_.view(kOutcomes), context_.workspace(),
                        RecordOutcomes::CountKey(pipeline_, team_, field, value), ReadTier::kDisk));
    return found.has_value() ? *std::move(found) : v1::OutcomeCount();
  }
  absl::StatusOr<Outcomes> All() const {
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount all, Of("", ""));
    return Outcomes{all.won_count(), all.lost_count()};
  }
  // Of a value that as many closed records had as the field asks for; nullopt of others.
  absl::StatusOr<std::optional<ValueOutcomes>> OfValue(const CountedField& field,
                                                       const std::string& value) const {
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount of_value, Of(field.path, value));
    if (of_value.won_count() + of_value.lost_count() < field.records_min) return std::nullopt;
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount of_field, Of(field.path, ""));
    return ValueOutcomes{{of_value.won_count(), of_value.lost_count()},
                         {of_field.won_count(), of_field.lost_count()},
                         of_field.value_count()};
  }
  // The records that came as far: all that were won, and those that were lost there or later. Of a
  // step that is not there any more only those in it are known to have.
  absl::StatusOr<Outcomes> AsFar(const Reach& reach) const {
    KITH_ASSIGN_OR_RETURN(Outcomes as_far, All());
    bool is_before = true;
    for (const std::string& step : reach.steps) {
      if (step == reach.step) is_before = false;
      if (!is_before) continue;
      KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount lost, Of(reach.field, step));
      as_far.lost -= lost.lost_count();
    }
    if (!is_before) return as_far;
    KITH_ASSIGN_OR_RETURN(const v1::OutcomeCount lost, Of(reach.field, reach.step));
    as_far.lost = lost.lost_count();
    return as_far;
  }

 private:
  const ReadContext& context_;
  const std::string pipeline_;
  const std::string team_;
};

// What closed records say of an open one, into its prediction; its odds in percent, nullopt where
// they say none.
template <class Prediction>
absl::StatusOr<std::optional<double>> Explain(const Message& record,
                                              absl::Span<const CountedField> fields,
                                              const Reach& reach, const Counts& counts,
                                              Prediction* told) {
  KITH_ASSIGN_OR_RETURN(const Outcomes all, counts.All());
  told->set_won_count(all.won);
  told->set_lost_count(all.lost);
  KITH_ASSIGN_OR_RETURN(const Outcomes as_far, counts.AsFar(reach));
  const auto add = [&](const std::string& field, const std::string& value, const Outcomes& of,
                       double share) {
    v1::PredictionFactor& factor = *told->add_factors();
    factor.set_field(field);
    factor.set_value(value);
    factor.set_won_count(of.won);
    factor.set_lost_count(of.lost);
    factor.set_share(Rounded(share));
  };
  std::vector<ValueOutcomes> known;
  for (const CountedField& field : fields) {
    for (const std::string& value : CountedTexts(record, field.path)) {
      KITH_ASSIGN_OR_RETURN(const auto found, counts.OfValue(field, value));
      if (!found.has_value()) continue;
      known.push_back(*found);
      add(field.path, value, found->of_value, ShareOf(*found));
    }
  }
  add(reach.field, reach.step, as_far, StageShareOf(all, as_far));
  const std::optional<int64_t> odds = OddsOf(all, as_far, known);
  if (!odds.has_value()) return std::nullopt;
  return static_cast<double>(*odds) / 100;
}

// Of whose closed records an owner's are compared with; empty: everybody's.
absl::StatusOr<std::string> TeamOf(const ReadContext& context, const std::string& owner) {
  if (owner.empty() || absl::StartsWith(owner, "teams/")) return owner;
  KITH_ASSIGN_OR_RETURN(const auto user,
                        RecordOutcomes::Teams().Get(context.view(kOutcomes), context.workspace(),
                                                    owner, ReadTier::kDisk));
  return user.has_value() ? user->team() : std::string();
}

absl::StatusOr<Reach> ReachOf(const ReadContext& context, const Deal& deal) {
  Reach reach{.field = kStageField, .step = deal.stage(), .steps = {}};
  KITH_ASSIGN_OR_RETURN(const auto pipeline, projections::DirectoryRows<Pipeline>().Get(
                                                 context.view(kPipelines), context.workspace(),
                                                 deal.pipeline(), ReadTier::kDisk));
  if (!pipeline.has_value()) return reach;
  for (const deals::v1::Stage& stage : pipeline->stages()) reach.steps.push_back(stage.name());
  return reach;
}

Reach ReachOf(const Lead& lead) {
  Reach reach{.field = kStatusField, .step = StepOf(lead), .steps = {}};
  for (const leads::v1::LeadStatus step : kLeadSteps) {
    reach.steps.push_back(leads::v1::LeadStatus_Name(step));
  }
  return reach;
}

absl::Status PredictDeal(const runtime::MethodTable& methods, const ReadContext& context,
                         const v1::PredictDealRequest& request, v1::DealPrediction* told) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> record,
                        runtime::ReadRecord(context, methods, request.deal()));
  const auto& deal = static_cast<const Deal&>(*record);
  told->set_deal(deal.name());
  told->set_pipeline(deal.pipeline());
  KITH_ASSIGN_OR_RETURN(*told->mutable_team(), TeamOf(context, deal.owner()));
  if (deal.status() != deals::v1::OPEN) {
    told->set_probability(deal.status() == deals::v1::WON ? 100 : 0);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const Reach reach, ReachOf(context, deal));
  KITH_ASSIGN_OR_RETURN(
      const std::optional<double> odds,
      Explain(deal, kDealFields, reach, Counts(context, deal.pipeline(), told->team()), told));
  if (odds.has_value()) told->set_automatic_probability(*odds);
  told->set_overridden(deal.has_probability());
  if (deal.has_probability()) {
    told->set_probability(deal.probability());
  } else if (odds.has_value()) {
    told->set_probability(*odds);
  }
  return absl::OkStatus();
}

absl::Status PredictLead(const runtime::MethodTable& methods, const ReadContext& context,
                         const v1::PredictLeadRequest& request, v1::LeadPrediction* told) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> record,
                        runtime::ReadRecord(context, methods, request.lead()));
  const auto& lead = static_cast<const Lead&>(*record);
  told->set_lead(lead.name());
  KITH_ASSIGN_OR_RETURN(*told->mutable_team(), TeamOf(context, lead.owner()));
  if (lead.status() == leads::v1::CONVERTED || lead.status() == leads::v1::DISQUALIFIED) {
    told->set_probability(lead.status() == leads::v1::CONVERTED ? 100 : 0);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(
      const std::optional<double> odds,
      Explain(lead, kLeadFields, ReachOf(lead), Counts(context, "", told->team()), told));
  if (odds.has_value()) told->set_probability(*odds);
  return absl::OkStatus();
}

// Counts of a few records tell of each of them, so they are for who may read all of these.
template <class Request, class Response>
absl::Status ListCounts(const char* permission, const ReadContext& context, const Request& request,
                        Response* response) {
  KITH_RETURN_IF_ERROR(runtime::CheckReachesAll(context.caller, permission));
  projections::ListQuery query{.filter = request.filter(),
                               .order_by = request.order_by(),
                               .page_size = request.page_size(),
                               .may_be_short = true};
  if (request.has_summary()) {
    query.summarise = &request.summary();
    query.summary = response->mutable_summary();
  }
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        runtime::ListRows(context, RecordOutcomes::Counts().core(), query,
                                          [&] { return response->add_outcome_counts(); }));
  return absl::OkStatus();
}

// Binds a method that needs the views that the Get method of its record is read of.
template <class Request, class Response>
void BindPrediction(runtime::MethodTable& methods, const char* resource,
                    std::initializer_list<absl::string_view> views,
                    absl::Status (*predict)(const runtime::MethodTable&, const ReadContext&,
                                            const Request&, Response*)) {
  methods.Read(
      runtime::MethodOf<Request>(), views, runtime::ReadKind::kScan,
      [&methods, predict](const ReadContext& context, const Message& request, Message* response) {
        return predict(methods, context, static_cast<const Request&>(request),
                       static_cast<Response*>(response));
      },
      [&methods, resource](const Message&) {
        const runtime::BoundMethod* const get = runtime::FindGet(methods, resource);
        KITH_CHECK(get != nullptr);
        return get->views();
      });
}

}  // namespace

void BindPredictions(runtime::MethodTable& methods) {
  BindPrediction(methods, "deals", {DealOutcomes::kName, "pipeline_list"}, PredictDeal);
  BindPrediction(methods, "leads", {LeadOutcomes::kName}, PredictLead);
  methods.Read(DealOutcomes::kName, runtime::ReadKind::kScan,
               [](const ReadContext& context, const v1::ListOutcomeCountsRequest& request,
                  v1::ListOutcomeCountsResponse* response) {
                 return ListCounts("deals.read", context, request, response);
               });
  methods.Read(LeadOutcomes::kName, runtime::ReadKind::kScan,
               [](const ReadContext& context, const v1::ListLeadOutcomeCountsRequest& request,
                  v1::ListLeadOutcomeCountsResponse* response) {
                 return ListCounts("leads.read", context, request, response);
               });
}

}  // namespace kith::scoring_models
