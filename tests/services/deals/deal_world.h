// DealWorld: one pipeline and one deal, and the commands that happen to them: what Given, When and
// Then of the deals' deciders are made of.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/default_pipeline.h"
#include "services/core/resource_name.h"
#include "services/deals/deal.h"
#include "services/deals/lost_reasons.h"
#include "services/deals/pipeline.h"
#include "services/deals/stage_approval.h"
#include "tests/testing/resource_spec.h"

namespace kith::deals {

inline constexpr char kDeal[] = "deals/d1";

// "pipelines/default/stages/qualified".
inline std::string StageNamed(const std::string& id) {
  return absl::StrCat(kDefaultPipeline, "/stages/", id);
}

inline google::type::Money Euros(int64_t units, int32_t nanos = 0) {
  google::type::Money money;
  money.set_currency_code("EUR");
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

// What a decision came to, in a word: "events", "nothing", or the reason of its refusal.
inline std::string OutcomeOf(const Decision& decision) {
  if (decision.ok()) return decision->empty() ? "nothing" : "events";
  const auto wire = WireError(decision.status());
  google::rpc::ErrorInfo info;
  if (!wire.has_value() || !wire->details(0).UnpackTo(&info)) return decision.status().ToString();
  return info.reason();
}

class DealWorld {
 public:
  static constexpr absl::Duration kStep = absl::Hours(1);

  // Decides without consequences.
  template <class Command>
  Decision Try(const Command& command) {
    int drawn = 0;
    IdPool ids([&drawn] { return absl::StrCat("id", ++drawn); }, [] { return std::string(); });
    const CommandContext context = {.now = now_,
                                    .occurred = now_,
                                    .actor = "apiKeys/1",
                                    .workspace = WorkspaceId(1),
                                    .settings = settings_,
                                    .ids = ids,
                                    .occurred_is_said = time_is_said_,
                                    .user = user_};
    if constexpr (requires { Decide(deal_, SceneOf(command), command, context); }) {
      return Decide(deal_, SceneOf(command), command, context);
    } else if constexpr (requires { Decide(deal_, SceneOf(command), command, groups_, context); }) {
      return Decide(deal_, SceneOf(command), command, groups_, context);
    } else if constexpr (requires { Decide(deal_, command, context); }) {
      return Decide(deal_, command, context);
    } else if constexpr (requires { NewLinksOf(pipeline_, command); }) {
      const std::vector<const LinkedRecord*> linked = StatesOf(NewLinksOf(pipeline_, command));
      return Decide(pipeline_, command, linked, context);
    } else if constexpr (requires { Decide(deal_, pipeline_, command, context); }) {
      return Decide(deal_, pipeline_, command, context);
    } else if constexpr (requires { Decide(pipeline_, command, context); }) {
      return Decide(pipeline_, command, context);
    } else {
      return DecideStandard(command, context);
    }
  }

  // A user or a contact comes into being, or is deleted.
  DealWorld& With(const std::string& record, Lifecycle lifecycle = Lifecycle::kActive) {
    records_[record] = {lifecycle};
    return *this;
  }

  // Decides, and lets what was decided happen; a step of time passes afterwards.
  template <class Command>
  DealWorld& Do(const Command& command) {
    const Decision decision = Try(command);
    EXPECT_TRUE(decision.ok()) << decision.status();
    if (decision.ok()) Happen(*decision);
    now_ += kStep;
    return *this;
  }

  void Happen(const Changes& changes) {
    for (const Change& change : changes.list()) {
      Happen(*change.event, changes.occurred().value_or(now_));
    }
  }
  void Happen(const google::protobuf::Message& event) { Happen(event, now_); }

  // Another pipeline, which deals may be moved to.
  DealWorld& WithOther(const google::protobuf::Message& event) {
    other_ = Evolve(std::move(other_),
                    Record(static_cast<const v1::PipelineEvent&>(event), now_, other_revision_));
    return *this;
  }
  // The deal stands in the other one now, and may be moved back.
  void SwapPipelines() { std::swap(pipeline_, other_); }
  // A deal beside which others may be put.
  DealWorld& WithNeighbour(const std::string& name, const std::string& stage,
                           const std::string& position) {
    neighbours_[name] = {name, true, stage, position};
    return *this;
  }
  // Whoever calls from now on, and the teams they are in.
  DealWorld& As(const std::string& user, std::vector<std::string> groups = {}) {
    user_ = user;
    groups_ = std::move(groups);
    return *this;
  }

  const v1::Deal& deal() const { return deal_.resource; }
  const v1::Pipeline& pipeline() const { return pipeline_.resource; }
  absl::Time now() const { return now_; }
  void SetNow(absl::Time now) { now_ = now; }
  // Whether the commands say themselves that they happen now.
  void SayTime(bool said) { time_is_said_ = said; }

 private:
  // Of whichever of the two the command is about.
  Decision DecideStandard(const google::protobuf::Message& command, const CommandContext& context) {
    const bool of_deal = absl::EndsWith(command.GetDescriptor()->name(), "DealRequest");
    const ServerFacts none;
    const StandardCommand standard(of_deal ? DealRules() : PipelineRules(),
                                   testing::MethodOfRequest(command), *command.GetDescriptor(),
                                   none);
    const ResourceNow now = of_deal ? NowOf(deal_) : NowOf(pipeline_);
    const void* const within = standard.WithinOf(now, command).empty() ? nullptr : &pipeline_;
    absl::StatusOr<ResourceChange> change = standard.Plan(now, within, command, context);
    if (!change.ok()) return std::move(change).status();
    const std::vector<const LinkedRecord*> linked = StatesOf(change->links);
    return standard.Decide(*std::move(change), linked, {}, context);
  }
  std::vector<const LinkedRecord*> StatesOf(const Links& links) {
    std::vector<const LinkedRecord*> states;
    for (const Link& link : links) {
      states.push_back(link.record == kDefaultPipeline ? &pipeline_
                                                       : &records_[std::string(link.record)]);
    }
    return states;
  }
  template <class Command>
  MoveScene SceneOf(const Command& command) {
    const bool is_other = ParentOf(command.stage()) != deal_.resource.pipeline();
    MoveScene scene = {pipeline_, is_other ? other_ : pipeline_};
    if constexpr (requires { command.after(); }) {
      if (!command.after().empty()) scene.after = &NeighbourOf(command.after());
      if (!command.before().empty()) scene.before = &NeighbourOf(command.before());
    }
    return scene;
  }
  const Neighbour& NeighbourOf(const std::string& name) {
    Neighbour& neighbour = neighbours_[name];
    neighbour.name = name;
    return neighbour;
  }
  void Happen(const google::protobuf::Message& event, absl::Time occurred) {
    if (event.GetDescriptor() == v1::DealEvent::descriptor()) {
      deal_ = Evolve(std::move(deal_),
                     Record(static_cast<const v1::DealEvent&>(event), occurred, deal_revision_));
    } else {
      pipeline_ = Evolve(std::move(pipeline_), Record(static_cast<const v1::PipelineEvent&>(event),
                                                      occurred, pipeline_revision_));
    }
  }
  template <class Event>
  Recorded<Event> Record(const Event& event, absl::Time occurred, Revision& revision) {
    revision = revision.Next();
    return {event, revision, occurred, now_, false};
  }

  Settings settings_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  bool time_is_said_ = false;
  DealState deal_;
  PipelineState pipeline_;
  std::map<std::string, LinkedRecord> records_;  // those that are not here never were
  Revision deal_revision_;
  Revision pipeline_revision_;
  PipelineState other_;
  Revision other_revision_;
  std::map<std::string, Neighbour> neighbours_;
  std::string user_;
  std::vector<std::string> groups_;
};

// A world with the default pipeline.
inline DealWorld WithPipeline() {
  DealWorld world;
  world.Happen(DefaultPipelineCreated());
  return world;
}

// The stage ids of a pipeline, in order.
inline std::vector<std::string> StageIds(const v1::Pipeline& pipeline) {
  std::vector<std::string> ids;
  for (const v1::Stage& stage : pipeline.stages()) ids.push_back(stage.stage_id());
  return ids;
}

inline v1::CreateDealRequest Create(const std::string& stage = "") {
  v1::CreateDealRequest command;
  command.set_deal_id("d1");
  command.mutable_deal()->set_display_name("500 licences for Acme");
  command.mutable_deal()->set_stage(stage);
  *command.mutable_deal()->mutable_amount() = Euros(1200);
  return command;
}

inline v1::UpdateDealRequest Rename(const std::string& display_name) {
  v1::UpdateDealRequest command;
  command.mutable_deal()->set_name(kDeal);
  command.mutable_deal()->set_display_name(display_name);
  return command;
}

inline v1::MoveDealRequest Move(const std::string& stage) {
  v1::MoveDealRequest command;
  command.set_name(kDeal);
  command.set_stage(stage);
  return command;
}

inline v1::WinDealRequest Win() {
  v1::WinDealRequest command;
  command.set_name(kDeal);
  return command;
}

// A stage is given this gate, in the text form of StageGate.
inline v1::UpdateStageRequest Gate(const std::string& stage, const std::string& gate) {
  v1::UpdateStageRequest command;
  command.mutable_stage()->set_name(StageNamed(stage));
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(gate, command.mutable_stage()->mutable_gate()));
  command.mutable_update_mask()->add_paths("gate");
  return command;
}

inline v1::LoseDealRequest Lose(v1::LostReason reason = v1::PRICING) {
  v1::LoseDealRequest command;
  command.set_name(kDeal);
  command.set_reason(reason);
  return command;
}

inline v1::ReopenDealRequest Reopen(const std::string& stage = "") {
  v1::ReopenDealRequest command;
  command.set_name(kDeal);
  command.set_stage(stage);
  return command;
}

inline v1::DeleteDealRequest Delete() {
  v1::DeleteDealRequest command;
  command.set_name(kDeal);
  return command;
}

inline v1::ArchiveStageRequest Archive(const std::string& stage) {
  v1::ArchiveStageRequest command;
  command.set_stage(stage);
  return command;
}

}  // namespace kith::deals
