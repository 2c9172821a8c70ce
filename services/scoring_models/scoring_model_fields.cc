#include "services/scoring_models/scoring_model_fields.h"

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/scoring_models/v1/scoring_models_errors.pb.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/tables/row_fields.h"
#include "projections/tables/row_filter.h"
#include "services/core/record_condition.h"
#include "services/core/reject.h"

namespace kith::scoring_models {
namespace {

using google::rpc::BadRequest;

// What records of it have, as far as a condition is held against itself.
const projections::TableDeclaration& RowsOf(v1::ScoreTarget target) {
  return target == v1::LEADS ? projections::RowFields<leads::v1::Lead>()
                             : projections::RowFields<contacts::v1::Contact>();
}

// Whether it asks for what no record can be. Lists compare texts without their case, so texts that
// differ in nothing else are none that exclude each other.
bool Contradicts(const projections::TableDeclaration& rows, absl::string_view condition) {
  std::string folded(condition);
  bool is_text = false;
  for (char& c : folded) {
    if (c == '"') is_text = !is_text;
    if (is_text) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  const bool can_be_asked = projections::RowFilter::Bind(
                                rows, folded, {absl::UnixEpoch(), absl::UTCTimeZone()}, *rows.row)
                                .ok();
  return can_be_asked && !projections::MayHold(rows, folded);
}

// What is wrong with one model, place by place.
class Inspection {
 public:
  Inspection(const v1::ScoringModel& model, const ServerFacts& facts)
      : model_(model), facts_(facts) {}

  absl::Status Run() {
    collection_ = FindCollection(facts_.collections, CollectionOf(model_.target()));
    if (collection_ == nullptr) {
      AddViolation("scoring_model.target", "is nothing that is scored here", violations_);
    }
    for (int i = 0; i < model_.groups_size(); ++i) {
      at_ = absl::StrCat("scoring_model.groups[", i, "]");
      CheckId(model_.groups(i).id(), "group", groups_);
    }
    for (int i = 0; i < model_.rules_size(); ++i) {
      at_ = absl::StrCat("scoring_model.rules[", i, "]");
      CheckRule(model_.rules(i));
    }
    for (int i = 0; i < model_.thresholds_size(); ++i) {
      at_ = absl::StrCat("scoring_model.thresholds[", i, "]");
      CheckThreshold(model_.thresholds(i));
    }
    if (violations_.field_violations().empty()) return absl::OkStatus();
    return Reject(v1::SCORING_MODELS_ERROR_INVALID_MODEL,
                  absl::StrCat("The model cannot be as it is: ", Summary(violations_), "."), {},
                  violations_);
  }

 private:
  void Add(absl::string_view field, absl::string_view what) {
    AddViolation(absl::StrCat(at_, ".", field), what, violations_);
  }

  void CheckId(const std::string& id, absl::string_view what, std::set<std::string>& known) {
    if (!known.insert(id).second) Add("id", absl::StrCat("is another ", what, "'s"));
  }

  void CheckGroup(const std::string& group) {
    if (!group.empty() && !groups_.contains(group)) {
      Add("group", absl::StrCat("is ", group, ", and the model has no such group"));
    }
  }

  void CheckRule(const v1::ScoringRule& rule) {
    CheckId(rule.id(), "rule", rules_);
    switch (rule.condition_case()) {
      case v1::ScoringRule::kEvent:
        return CheckEvent(rule);
      case v1::ScoringRule::kRecord:
        return CheckRecord(rule);
      case v1::ScoringRule::CONDITION_NOT_SET:
        return Add("condition", "must be event or record");
    }
  }

  void CheckEvent(const v1::ScoringRule& rule) {
    const absl::Status checked = CheckEventCondition(rule.event());
    if (!checked.ok()) Add("event.condition", checked.message());
  }

  void CheckRecord(const v1::ScoringRule& rule) {
    if (collection_ == nullptr) return;
    const std::string& condition = rule.record().condition();
    const absl::Status checked = CheckCondition(*collection_, condition);
    if (!checked.ok()) {
      Add("record.condition", checked.message());
    } else if (Contradicts(RowsOf(model_.target()), condition)) {
      Add("record.condition", "contradicts itself: no record is so");
    }
  }

  void CheckThreshold(const v1::ScoreThreshold& threshold) {
    CheckId(threshold.id(), "threshold", thresholds_);
    CheckGroup(threshold.group());
    const int64_t most = MostPoints(model_, threshold.group());
    if (threshold.value() > most) {
      Add("value", absl::StrCat("can never be reached: the rules give at most ", most));
    }
  }

  const v1::ScoringModel& model_;
  const ServerFacts& facts_;
  const Collection* collection_ = nullptr;  // whose records are scored
  std::set<std::string> groups_;
  std::set<std::string> rules_;
  std::set<std::string> thresholds_;
  std::string at_;
  BadRequest violations_;
};

}  // namespace

absl::Status CheckFields(const v1::ScoringModel& model, const ServerFacts& facts) {
  return Inspection(model, facts).Run();
}

}  // namespace kith::scoring_models
