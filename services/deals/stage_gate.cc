#include "services/deals/stage_gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/normalise.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"

namespace kith::deals {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::RepeatedPtrField;

// So many fields a sentence names; BadRequest has all of them.
constexpr int kNamedMax = 3;

bool TakesDeals(const v1::Stage& stage) {
  return stage.kind() == v1::OPEN_STAGE && !stage.archived();
}

// The field that a path begins with: "custom" of "custom.tier". Null where deals have none.
const FieldDescriptor* FieldIn(absl::string_view path) {
  return v1::Deal::descriptor()->FindFieldByName(std::string(path.substr(0, path.find('.'))));
}

// What every deal has, from its creation on.
bool IsAlwaysSet(const FieldDescriptor& field) {
  const std::string& name = field.name();
  return name == "name" || name == "etag" || name == "pipeline" || name == "stage" ||
         name == "create_time" || name == "update_time";
}

bool HasCustom(const v1::Deal& deal, absl::string_view key) {
  const auto found = deal.custom().find(std::string(key));
  if (found == deal.custom().end()) return false;
  const type::v1::CustomValue& value = found->second;
  if (value.has_text()) return !IsBlank(value.text());
  return value.value_case() != type::v1::CustomValue::VALUE_NOT_SET;
}

bool IsSet(const v1::Deal& deal, absl::string_view path) {
  const FieldDescriptor* const field = FieldIn(path);
  // Gates outlive versions of the server: what none can set, none has to.
  if (field == nullptr || IsAlwaysSet(*field)) return true;
  if (field->is_map()) {
    const size_t dot = path.find('.');
    return dot != absl::string_view::npos && HasCustom(deal, path.substr(dot + 1));
  }
  if (field->is_repeated()) return deal.GetReflection()->FieldSize(deal, field) > 0;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return !IsBlank(deal.GetReflection()->GetString(deal, field));
  }
  return deal.GetReflection()->HasField(deal, field);
}

// Gathers what is not met.
class Gates {
 public:
  Gates(const v1::Deal& deal, const v1::Stage& entered) : deal_(deal), entered_(entered) {}

  // Fields that a stage requires; `doing` is "to enter" or "to leave".
  void Require(const RepeatedPtrField<std::string>& paths, absl::string_view type,
               absl::string_view doing, const v1::Stage& stage) {
    std::vector<std::string> missing;
    for (const std::string& path : paths) {
      if (IsSet(deal_, path)) continue;
      missing.push_back(path);
      AddViolation(absl::StrCat("deal.", path),
                   absl::StrCat("is required ", doing, " ", IdOf(stage.name())), fields_);
    }
    if (missing.empty()) return;
    const size_t named = std::min<size_t>(missing.size(), kNamedMax);
    const std::vector<std::string> first(missing.begin(), missing.begin() + named);
    Refuse(type, stage,
           absl::StrCat("Set ", absl::StrJoin(first, ", "),
                        missing.size() > named
                            ? absl::StrCat(" and ", missing.size() - named, " more fields")
                            : "",
                        " ", doing, " ", IdOf(stage.name()), "."));
  }

  void Refuse(absl::string_view type, const v1::Stage& stage, std::string description) {
    auto* const violation = failure_.add_violations();
    violation->set_type(std::string(type));
    violation->set_subject(stage.name());
    violation->set_description(std::move(description));
  }

  absl::Status Result(absl::string_view from_stage) const {
    if (failure_.violations().empty()) return absl::OkStatus();
    const std::string said = absl::StrJoin(
        failure_.violations(), " ",
        [](std::string* text, const auto& one) { absl::StrAppend(text, one.description()); });
    const std::string message =
        absl::StrCat("The deal cannot enter ", IdOf(entered_.name()), ". ", said);
    const ErrorMetadata stages = {{"from_stage", std::string(from_stage)},
                                  {"stage", entered_.name()}};
    if (fields_.field_violations().empty()) {
      return Reject(v1::DEALS_ERROR_STAGE_GATE_REJECTED, message, stages, failure_);
    }
    return Reject(v1::DEALS_ERROR_STAGE_GATE_REJECTED, message, stages, failure_, fields_);
  }

 private:
  const v1::Deal& deal_;
  const v1::Stage& entered_;
  google::rpc::PreconditionFailure failure_;
  google::rpc::BadRequest fields_;
};

int PlaceOf(const v1::Pipeline& pipeline, const v1::Stage& stage) {
  const auto& stages = pipeline.stages();
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const v1::Stage& candidate) {
    return candidate.name() == stage.name();
  });
  return static_cast<int>(found - stages.begin());
}

// The first stage between the two that a deal could stand in; null where there is none.
const v1::Stage* FirstBetween(const v1::Pipeline& pipeline, const v1::Stage& left,
                              const v1::Stage& entered) {
  for (int i = PlaceOf(pipeline, left) + 1; i < PlaceOf(pipeline, entered); ++i) {
    if (TakesDeals(pipeline.stages(i))) return &pipeline.stages(i);
  }
  return nullptr;
}

// Where the deal stood last of this pipeline; null where it never did, or the stage is no more.
const v1::Stage* LastStageIn(const v1::Pipeline& pipeline, const v1::Deal& deal) {
  const auto& stays = deal.stage_intervals();
  for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
    if (ParentOf(stay->stage()) == pipeline.name()) return FindStage(pipeline, stay->stage());
  }
  return nullptr;
}

// What a stage asks of a deal that goes from it to `entered`, of the same pipeline.
void CheckWay(const v1::Pipeline& pipeline, const v1::Stage& left, const v1::Stage& entered,
              Gates& gates) {
  const v1::StageGate& gate = left.gate();
  const bool goes_back = PlaceOf(pipeline, entered) < PlaceOf(pipeline, left);
  if (goes_back) {
    if (!gate.no_going_back()) return;
    return gates.Refuse("NO_GOING_BACK", left,
                        absl::StrCat("A deal does not go back from ", IdOf(left.name()), "."));
  }
  gates.Require(gate.required_to_leave(), "REQUIRED_TO_LEAVE", "to leave", left);
  const v1::Stage* const skipped = FirstBetween(pipeline, left, entered);
  if (!gate.no_skipping() || skipped == nullptr) return;
  gates.Refuse("NO_SKIPPING", *skipped,
               absl::StrCat("From ", IdOf(left.name()), " a deal goes to ", IdOf(skipped->name()),
                            " next, which it would skip."));
}

// What the stage that the deal leaves asks.
void CheckLeaving(const StageMove& move, const v1::Stage& left, Gates& gates) {
  if (move.entered.kind() == v1::LOST_STAGE) return;
  if (move.from.name() == move.to.name()) return CheckWay(move.to, left, move.entered, gates);
  gates.Require(left.gate().required_to_leave(), "REQUIRED_TO_LEAVE", "to leave", left);
  // Another pipeline is no way around the gates of this one.
  const v1::Stage* const stood = LastStageIn(move.to, move.deal);
  if (stood != nullptr && stood->name() != move.entered.name()) {
    CheckWay(move.to, *stood, move.entered, gates);
  }
}

// What the stage that it enters asks.
void CheckEntering(const v1::Stage& entered, Approval approval, Gates& gates) {
  gates.Require(entered.gate().required_to_enter(), "REQUIRED_TO_ENTER", "to enter", entered);
  if (approval == Approval::kGiven || !entered.gate().has_approval() ||
      entered.kind() == v1::LOST_STAGE) {
    return;
  }
  gates.Refuse("APPROVAL_REQUIRED", entered,
               absl::StrCat("To enter ", IdOf(entered.name()),
                            " it needs an approval: ask with RequestStageApproval."));
}

// What is wrong with the path of a field that a deal is to have; empty where nothing is.
std::string PathDefect(absl::string_view path, v1::StageKind kind) {
  const FieldDescriptor* const field = FieldIn(path);
  const bool has_key = path.find('.') != absl::string_view::npos;
  if (field == nullptr || field->is_map() != has_key) {
    return "must be a field of a deal, like amount, or a custom one, like custom.tier";
  }
  const bool is_said_by_losing = kind == v1::LOST_STAGE && field->name() == "lost_notes";
  if (IsAlwaysSet(*field) || is_said_by_losing) return "";
  return field->options().GetExtension(options::v1::field).output_only()
             ? "is a field that only the server sets"
             : "";
}

void CheckPaths(const RepeatedPtrField<std::string>& paths, v1::StageKind kind,
                const std::string& path, google::rpc::BadRequest& violations) {
  for (int i = 0; i < paths.size(); ++i) {
    const std::string defect = PathDefect(paths[i], kind);
    if (!defect.empty()) AddViolation(absl::StrCat(path, "[", i, "]"), defect, violations);
  }
  AddRepeats(path, paths, violations);
}

}  // namespace

absl::Status CheckGates(const StageMove& move) {
  Gates gates(move.deal, move.entered);
  const v1::Stage* const left = FindStage(move.from, move.deal.stage());
  if (left != nullptr) CheckLeaving(move, *left, gates);
  CheckEntering(move.entered, move.approval, gates);
  return gates.Result(move.deal.stage());
}

absl::Status CheckEntry(const v1::Deal& deal, const v1::Pipeline& pipeline,
                        const v1::Stage& entered) {
  const auto& stages = pipeline.stages();
  const auto first = std::find_if(stages.begin(), stages.end(), TakesDeals);
  const bool is_first = first != stages.end() && first->name() == entered.name();
  Gates gates(deal, entered);
  CheckEntering(entered, is_first ? Approval::kGiven : Approval::kNotGiven, gates);
  return gates.Result("");
}

void CheckGate(const v1::StageGate& gate, v1::StageKind kind, const std::string& path,
               google::rpc::BadRequest& violations) {
  CheckPaths(gate.required_to_enter(), kind, absl::StrCat(path, ".required_to_enter"), violations);
  CheckPaths(gate.required_to_leave(), kind, absl::StrCat(path, ".required_to_leave"), violations);
  AddRepeats(absl::StrCat(path, ".approval.approvers"), gate.approval().approvers(), violations);
}

}  // namespace kith::deals
