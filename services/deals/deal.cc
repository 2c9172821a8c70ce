#include "services/deals/deal.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/deal_fold.h"
#include "projections/deals/deal_position.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/check_as_seen.h"
#include "services/core/contact_points.h"
#include "services/core/default_pipeline.h"
#include "services/core/money.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"
#include "services/deals/deal_moves.h"
#include "services/deals/lost_reasons.h"
#include "services/deals/stage_gate.h"

namespace kith::deals {
namespace {

// One of its contacts is the primary one.
void CompleteFields(const v1::Deal& before, const Settings&, v1::Deal& after) {
  if (after.contacts().empty() || AreSame(before.contacts(), after.contacts())) return;
  const auto known = std::find_if(before.contacts().begin(), before.contacts().end(),
                                  [](const v1::DealContact& contact) { return contact.primary(); });
  const std::string was = known == before.contacts().end() ? std::string() : known->contact();
  v1::DealContact* kept = nullptr;
  int marked = 0;
  for (v1::DealContact& contact : *after.mutable_contacts()) {
    if (contact.primary()) ++marked;
    if (kept == nullptr && contact.contact() == was) kept = &contact;
  }
  if (marked == 0) {
    v1::DealContact* const primary = kept == nullptr ? after.mutable_contacts(0) : kept;
    primary->set_primary(true);
  } else if (marked == 2 && kept != nullptr) {
    kept->set_primary(false);  // the other one is meant
  }
}

absl::Status CheckFields(const v1::Deal& deal) {
  google::rpc::BadRequest violations;
  CheckOnePrimary("deal.contacts", deal.contacts(), violations);
  const auto check_amount = [&](absl::string_view field, const google::type::Money& amount) {
    if (IsNegative(amount)) AddViolation(field, "must not be negative", violations);
  };
  check_amount("deal.amount", deal.amount());
  check_amount("deal.monthly_recurring_revenue", deal.monthly_recurring_revenue());
  check_amount("deal.annual_recurring_revenue", deal.annual_recurring_revenue());
  check_amount("deal.annual_contract_value", deal.annual_contract_value());
  // What is won is CLOSED; an open deal that said so would count as sold in a forecast.
  if (deal.forecast_category() == v1::CLOSED) {
    AddViolation("deal.forecast_category", "must not be CLOSED: winning the deal makes it so",
                 violations);
  }
  return RejectFields(violations);
}

// What was won is no likelihood any more.
absl::Status CheckProbability(const v1::Deal& before, const v1::Deal& after,
                              const CommandContext&) {
  const bool is_said = after.has_probability() &&
                       (!before.has_probability() || before.probability() != after.probability());
  if (before.status() != v1::WON || !is_said || after.probability() == 100) {
    return absl::OkStatus();
  }
  return RejectField("deal.probability",
                     "must be 100: the deal was won. Reopen it first where it is not");
}

// The purpose of a deal's claims. Persisted inside the hashes of the log's tags.
constexpr absl::string_view kExternalIdClaim = "deals.external_id";

std::vector<std::string> ExternalIdKeys(const v1::Deal& deal) {
  return ExternalIdKeysOf(deal.external_ids());
}

absl::Status ExternalIdTaken(const v1::Deal& holder, size_t index) {
  return RejectTaken(v1::DEALS_ERROR_EXTERNAL_ID_TAKEN, "Another deal has this external id.",
                     "deal", holder.name(), absl::StrCat("deal.external_ids[", index, "]"));
}

// The pipeline a new deal goes to.
absl::string_view PipelineOf(const v1::Deal& wanted) {
  return wanted.pipeline().empty() ? kDefaultPipeline : absl::string_view(wanted.pipeline());
}

absl::Status Place(const PipelineState& pipeline, v1::Deal& deal) {
  if (!pipeline.exists()) return ResourceNotFound(PipelineRules(), PipelineOf(deal));
  const v1::Stage* stage = &FirstOpenStage(pipeline);
  if (!deal.stage().empty()) {
    KITH_ASSIGN_OR_RETURN(stage, FindEnterableStage(pipeline, deal.stage()));
  }
  KITH_RETURN_IF_ERROR(CheckEntry(deal, pipeline.resource, *stage));
  deal.set_pipeline(pipeline.resource.name());
  deal.set_stage(stage->name());
  return absl::OkStatus();
}

bool IsSame(const google::type::Money& a, const google::type::Money& b) {
  return a.units() == b.units() && a.nanos() == b.nanos() && a.currency_code() == b.currency_code();
}

// The open stage the deal was in last, archived or not.
std::string LastOpenStage(const v1::Deal& deal, const PipelineState& pipeline) {
  const auto& stays = deal.stage_intervals();
  for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
    const v1::Stage* stage = FindStage(pipeline.resource, stay->stage());
    if (stage != nullptr && stage->kind() == v1::OPEN_STAGE) return stay->stage();
  }
  return FirstOpenStage(pipeline).name();
}

// A move within its pipeline.
absl::Status CheckMove(const v1::Deal& deal, const PipelineState& pipeline,
                       const v1::Stage& entered) {
  return CheckGates(
      {.deal = deal, .from = pipeline.resource, .to = pipeline.resource, .entered = entered});
}

// Whether it was lost in these words already.
bool Repeats(const v1::Deal& deal, const v1::LoseDealRequest& command) {
  const auto is_same_or_unsaid = [](const auto& said, const auto& known, const auto& unsaid) {
    return said == unsaid || said == known;
  };
  return deal.status() == v1::LOST && deal.lost_notes() == command.notes() &&
         is_same_or_unsaid(command.reason(), deal.lost_reason(), v1::LOST_REASON_UNSPECIFIED) &&
         is_same_or_unsaid(command.pipeline_lost_reason(), deal.pipeline_lost_reason(),
                           std::string());
}

// It stays in its stage, at this place; empty: where it is.
Changes Positioned(const v1::Deal& deal, const std::string& position) {
  if (position.empty() || position == deal.position()) return Changes();
  v1::DealEvent event;
  event.mutable_deal_positioned()->set_name(deal.name());
  event.mutable_deal_positioned()->set_position(position);
  return Changes().Append(deal.name(), std::move(event));
}

v1::DealEvent Repriced(const std::string& name, const google::type::Money& amount) {
  v1::Deal after;
  after.set_name(name);
  *after.mutable_amount() = amount;
  google::protobuf::FieldMask changed;
  changed.add_paths("amount");
  return UpdatedEvent<v1::DealEvent>(after, changed);
}

// Between the deals that the scene says; empty where it says none. Where the one before which it is
// to stand has come to stand first meanwhile, the other one counts.
absl::StatusOr<std::string> PlaceIn(const MoveScene& scene, const v1::Deal& deal,
                                    const std::string& stage) {
  if (scene.after == nullptr && scene.before == nullptr) return std::string();
  const auto no_place = [&](const std::string& neighbour, absl::string_view why) {
    return RejectState(v1::DEALS_ERROR_NO_SUCH_PLACE,
                       absl::StrCat("There is no place beside ", neighbour, ": ", why), neighbour,
                       {{"deal", neighbour}, {"stage", stage}});
  };
  for (const Neighbour* const one : {scene.after, scene.before}) {
    if (one == nullptr) continue;
    if (one->name == deal.name()) return no_place(one->name, "it is the deal itself.");
    if (!one->is_there) return ResourceNotFound(DealRules(), one->name);
    if (one->stage == stage) continue;
    return no_place(one->name, "it stands in another stage. Read the stage's deals again.");
  }
  const std::string after = scene.after == nullptr ? "" : scene.after->position;
  std::string before = scene.before == nullptr ? "" : scene.before->position;
  if (!after.empty() && before <= after) before.clear();
  const std::optional<std::string> position = PositionBetween(after, before, deal.name());
  if (position.has_value()) return *position;
  return no_place(scene.after == nullptr ? scene.before->name : scene.after->name,
                  "too many deals were put there. Move it to the end of the stage first.");
}

}  // namespace

const ResourceRules& DealRules() {
  static const auto& rules = *new ResourceRules(
      ResourceRulesBuilder<DealAggregate>()
          .NotFound(v1::DEALS_ERROR_DEAL_NOT_FOUND)
          .Exists(v1::DEALS_ERROR_DEAL_EXISTS)
          .LinkNotFound(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND)
          .OwnedByCreator()
          .Within<PipelineAggregate>(PipelineOf, Place)
          .Complete(CompleteFields)
          .Check(CheckFields)
          .Authorise(CheckProbability)
          .FoldedBy<FoldDeal>()
          .NamedAfter("company_name", "company")
          .UniqueClaim(kExternalIdClaim, ExternalIdKeys, IsAlwaysUnique, ExternalIdTaken)
          .IdentifiedBy("external_ids", kExternalIdClaim)
          .ToldByReads("stage_intervals")
          .ToldByReads("earlier_stage_interval_count")
          .Build());
  return rules;
}

Decision Decide(const DealState& state, const MoveScene& scene, const v1::MoveDealRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  const bool stays = deal.stage() == command.stage();
  if (!stays) KITH_RETURN_IF_ERROR(FindEnterableStage(scene.to, command.stage()).status());
  KITH_ASSIGN_OR_RETURN(const std::string position, PlaceIn(scene, deal, command.stage()));
  if (stays) return Positioned(deal, position);
  const v1::Stage& stage = *FindStage(scene.to.resource, command.stage());
  KITH_RETURN_IF_ERROR(CheckGates(
      {.deal = deal, .from = scene.from.resource, .to = scene.to.resource, .entered = stage}));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  Changes changes;
  AppendMove(deal, stage.name(), position, occurred, changes);
  return std::move(changes).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::WinDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  const bool reprice = command.has_amount() && !IsSame(command.amount(), deal.amount());
  if (deal.status() == v1::WON && !reprice) return NoChange();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  if (IsNegative(command.amount())) return RejectField("amount", "must not be negative");
  v1::Deal won = deal;
  if (reprice) *won.mutable_amount() = command.amount();
  const v1::Stage& stage = ClosedStage(pipeline, v1::WON_STAGE);
  KITH_RETURN_IF_ERROR(CheckMove(won, pipeline, stage));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  Changes changes;
  if (reprice) changes.Append(deal.name(), Repriced(deal.name(), command.amount()));
  AppendWin(deal, stage.name(), occurred, changes);
  return std::move(changes).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::LoseDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (Repeats(deal, command)) return NoChange();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  KITH_ASSIGN_OR_RETURN(const LossReason reason, FindLossReason(pipeline, command));
  if (NeedsNotes(reason) && command.notes().empty()) {
    return RejectField("notes", "is required where the reason is OTHER_REASON");
  }
  v1::Deal after = deal;
  after.set_lost_notes(command.notes());
  const v1::Stage& stage = ClosedStage(pipeline, v1::LOST_STAGE);
  KITH_RETURN_IF_ERROR(CheckMove(after, pipeline, stage));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent event;
  v1::DealLost& lost = *event.mutable_deal_lost();
  Leave(deal, stage.name(), occurred, lost);
  lost.set_reason(reason.reason);
  lost.set_pipeline_lost_reason(reason.own);
  lost.set_notes(command.notes());
  return Changes().Append(deal.name(), std::move(event)).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::ReopenDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (deal.status() == v1::OPEN) {
    return RejectState(v1::DEALS_ERROR_DEAL_OPEN, "The deal is open: there is nothing to reopen.",
                       deal.name());
  }
  const std::string last = LastOpenStage(deal, pipeline);
  const std::string wanted = command.stage().empty() ? last : command.stage();
  KITH_ASSIGN_OR_RETURN(const v1::Stage* stage, FindEnterableStage(pipeline, wanted));
  KITH_RETURN_IF_ERROR(CheckMove(deal, pipeline, *stage));
  if (stage->name() != last) {
    // It leaves where it stood, too: being closed is no way around the gate of that stage.
    v1::Deal stood = deal;
    stood.set_stage(last);
    KITH_RETURN_IF_ERROR(CheckMove(stood, pipeline, *stage));
  }
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent event;
  v1::DealReopened& reopened = *event.mutable_deal_reopened();
  reopened.set_name(deal.name());
  reopened.set_from_stage(deal.stage());
  reopened.set_to_stage(stage->name());
  return Changes().Append(deal.name(), std::move(event)).OccurredAt(occurred);
}

DealState Evolve(DealState state, const Recorded<v1::DealEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldDeal);
  if (IsActivity(recorded.event)) {
    state.touch_time = std::max(state.touch_time, FromTimestamp(state.resource.update_time()));
  }
  const auto kind = recorded.event.event_case();
  const bool withdraws = kind == v1::DealEvent::kStageApprovalWithdrawn;
  const bool ends = withdraws || kind == v1::DealEvent::kStageApprovalRequested ||
                    kind == v1::DealEvent::kStageApprovalGranted ||
                    kind == v1::DealEvent::kStageApprovalRejected ||
                    kind == v1::DealEvent::kStageApprovalExpired;
  if (ends) state.approval_is_withdrawn = withdraws;
  return state;
}

}  // namespace kith::deals
