#include "services/assignment_rules/assignment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "google/rpc/error_details.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "projections/assignment_rules/turn_fold.h"
#include "services/core/reject.h"

namespace kith::assignment_rules {
namespace {

// So many rules are asked about one record.
constexpr int kRulesMax = 20;

constexpr absl::string_view kLeads = "leads";

// Whether a user has it; what is a team's waits for one.
bool IsSomebodys(const google::protobuf::Message& record) {
  const auto* const owner = record.GetDescriptor()->FindFieldByName("owner");
  return absl::StartsWith(record.GetReflection()->GetString(record, owner), "users/");
}

absl::string_view StrategyInWords(v1::AssignmentStrategy strategy) {
  switch (strategy) {
    case v1::LEAST_BUSY:
      return "Least busy";
    case v1::SPREAD:
      return "Spread over the month";
    default:
      return "Round robin";
  }
}

std::string DateText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

// One question on its way through the rules.
class Course {
 public:
  Course(const AssignmentQuestion& question, AssignmentFacts& facts)
      : question_(question), facts_(facts) {}

  absl::StatusOr<v1::Assignment> Run() {
    KITH_ASSIGN_OR_RETURN(bool is_decided, AskWhoHasTheContact());
    if (!is_decided) {
      KITH_ASSIGN_OR_RETURN(is_decided, Ask(question_.rule));
    }
    if (!is_decided) assignment_.add_rules(question_.rule);
    for (v1::PassedOver& one : passed_over_) *assignment_.add_passed_over() = std::move(one);
    return std::move(assignment_);
  }

 private:
  // Two leads of one contact are the work of one, and no further turn. A lead that somebody is to
  // lose does not stay with them for it.
  absl::StatusOr<bool> AskWhoHasTheContact() {
    if (question_.collection.name != kLeads || IsSomebodys(question_.record)) return false;
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> owners, facts_.OwnersOfContact());
    for (const std::string& owner : owners) {
      KITH_ASSIGN_OR_RETURN(const bool is_free, IsFreeForMore(owner));
      if (!is_free) continue;
      path_.push_back(question_.rule);
      Decide(owner, v1::SAME_CONTACT,
             absl::StrCat("They have another open lead of the contact", Told(passed_over_)));
      path_.pop_back();
      return true;
    }
    passed_over_.clear();  // the rule passes over whom it would ask itself
    return false;
  }

  // As IsFree, of somebody whom the rule may pause.
  absl::StatusOr<bool> IsFreeForMore(const std::string& owner) {
    KITH_ASSIGN_OR_RETURN(const v1::AssignmentRule* const rule, facts_.FindRule(question_.rule));
    if (rule != nullptr) {
      for (const v1::AssignmentMember& member : rule->members()) {
        if (member.user() != owner || !member.paused()) continue;
        PassOver(owner, v1::PAUSED);
        return false;
      }
    }
    return IsFree(owner);
  }

  // True where the rule, or one that it leads to, decided.
  absl::StatusOr<bool> Ask(const std::string& name) {
    if (++asked_ > kRulesMax || std::find(path_.begin(), path_.end(), name) != path_.end()) {
      return TooMany(name);
    }
    KITH_ASSIGN_OR_RETURN(const v1::AssignmentRule* const rule, facts_.FindRule(name));
    if (rule == nullptr || rule->resource() != question_.collection.name) return false;
    path_.push_back(name);
    KITH_ASSIGN_OR_RETURN(bool is_decided, AskBranches(*rule));
    if (!is_decided) {
      KITH_ASSIGN_OR_RETURN(is_decided, AskMembers(*rule));
    }
    if (!is_decided) {
      KITH_ASSIGN_OR_RETURN(is_decided, AskFallback(*rule));
    }
    path_.pop_back();
    return is_decided;
  }

  absl::StatusOr<bool> AskBranches(const v1::AssignmentRule& rule) {
    for (int i = 0; i < rule.branches_size(); ++i) {
      const v1::AssignmentBranch& branch = rule.branches(i);
      KITH_ASSIGN_OR_RETURN(const bool holds, Holds(branch.condition()));
      if (!holds) continue;
      const std::string& assignee = branch.assignee();
      if (absl::StartsWith(assignee, "assignmentRules/")) {
        KITH_ASSIGN_OR_RETURN(const bool is_decided, Ask(assignee));
        if (is_decided) return true;
        PassOver(assignee, v1::RULE_FOUND_NOBODY);
        continue;
      }
      KITH_ASSIGN_OR_RETURN(const bool is_free, IsFree(assignee));
      if (!is_free) continue;
      Decide(assignee, v1::BRANCH,
             absl::StrCat("Branch ", i + 1, " of ", rule.name(), " holds", Told(passed_over_)));
      return true;
    }
    return false;
  }

  absl::StatusOr<bool> AskMembers(const v1::AssignmentRule& rule) {
    KITH_ASSIGN_OR_RETURN(const v1::AssignmentTurns* const turns, facts_.FindTurns(rule.name()));
    std::vector<Candidate> candidates;
    std::vector<std::pair<int64_t, v1::PassedOver>> obstacles;  // with their last turns
    for (const v1::AssignmentMember& member : rule.members()) {
      const v1::MemberTurns* const own =
          turns == nullptr ? nullptr : FindTurns(*turns, member.user());
      KITH_ASSIGN_OR_RETURN(const users::v1::User* const user, facts_.FindUser(member.user()));
      auto obstacle =
          FindObstacle(rule, member, user, own, question_.moment, question_.ignore_capacity);
      if (obstacle.has_value()) {
        obstacles.emplace_back(own == nullptr ? 0 : own->last_turn(), *std::move(obstacle));
        continue;
      }
      Candidate candidate{&member, own};
      if (!member.preference().empty()) {
        KITH_ASSIGN_OR_RETURN(candidate.prefers, Holds(member.preference()));
      }
      candidates.push_back(candidate);
    }
    if (candidates.empty()) {
      for (auto& [turn, obstacle] : obstacles) passed_over_.push_back(std::move(obstacle));
      return false;
    }
    KITH_RETURN_IF_ERROR(Count(rule, candidates));
    const Candidate& next =
        candidates[NextTurn(rule.strategy(), candidates, question_.moment.today())];
    // Of those who take turns, who would not have been before them was not passed over.
    const int64_t last_turn = next.turns == nullptr ? 0 : next.turns->last_turn();
    for (auto& [turn, obstacle] : obstacles) {
      if (turn <= last_turn || rule.strategy() == v1::LEAST_BUSY || rule.strategy() == v1::SPREAD) {
        passed_over_.push_back(std::move(obstacle));
      }
    }
    assignment_.set_turn(turns == nullptr ? 1 : turns->turns() + 1);
    Decide(next.member->user(), v1::TURN,
           absl::StrCat(StrategyInWords(rule.strategy()), After(turns),
                        next.prefers ? ", of who prefers such records" : "", Told(passed_over_)));
    return true;
  }

  absl::StatusOr<bool> AskFallback(const v1::AssignmentRule& rule) {
    const std::string& fallback = rule.fallback();
    if (fallback.empty()) return false;
    const std::string why = absl::StrCat("Nobody else can take it", Told(passed_over_));
    KITH_ASSIGN_OR_RETURN(const bool is_there, IsThere(fallback));
    if (!is_there) {
      PassOver(fallback, v1::INACTIVE);
      return false;
    }
    Decide(fallback, v1::FALLBACK, why);
    return true;
  }

  // Whether a user or a team can take it; else they are passed over.
  absl::StatusOr<bool> IsFree(const std::string& assignee) {
    if (absl::StartsWith(assignee, "teams/")) {
      KITH_ASSIGN_OR_RETURN(const bool is_there, facts_.HasTeam(assignee));
      if (!is_there) PassOver(assignee, v1::INACTIVE);
      return is_there;
    }
    KITH_ASSIGN_OR_RETURN(const users::v1::User* const user, facts_.FindUser(assignee));
    auto obstacle = FindObstacle(assignee, user, question_.moment);
    if (!obstacle.has_value()) return true;
    passed_over_.push_back(*std::move(obstacle));
    return false;
  }

  // Whether it may be theirs at all.
  absl::StatusOr<bool> IsThere(const std::string& assignee) {
    if (absl::StartsWith(assignee, "teams/")) return facts_.HasTeam(assignee);
    KITH_ASSIGN_OR_RETURN(const users::v1::User* const user, facts_.FindUser(assignee));
    return user != nullptr && user->state() != users::v1::INACTIVE;
  }

  absl::Status Count(const v1::AssignmentRule& rule, std::vector<Candidate>& candidates) {
    if (rule.strategy() != v1::LEAST_BUSY) return absl::OkStatus();
    std::vector<std::string> users;
    for (const Candidate& candidate : candidates) users.push_back(candidate.member->user());
    KITH_ASSIGN_OR_RETURN(const std::vector<int64_t> counts, facts_.CountOpen(users));
    for (size_t i = 0; i < counts.size(); ++i) candidates[i].open_records = counts[i];
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Holds(const std::string& condition) const {
    if (condition.empty()) return true;
    return question_.collection.holds(condition, question_.record, question_.moment.now,
                                      question_.moment.zone);
  }

  // Whose turn was the last one.
  static std::string After(const v1::AssignmentTurns* turns) {
    if (turns == nullptr || turns->members().empty()) return ", the first turn";
    const auto last = std::max_element(
        turns->members().begin(), turns->members().end(),
        [](const auto& a, const auto& b) { return a.last_turn() < b.last_turn(); });
    return absl::StrCat(", after ", last->user());
  }

  void PassOver(const std::string& assignee, v1::Obstacle obstacle) {
    v1::PassedOver& passed_over = passed_over_.emplace_back();
    passed_over.set_assignee(assignee);
    passed_over.set_obstacle(obstacle);
  }

  void Decide(const std::string& owner, v1::AssignmentBasis basis, std::string why) {
    assignment_.set_owner(owner);
    assignment_.set_basis(basis);
    assignment_.set_explanation(absl::StrCat(why, "."));
    for (const std::string& rule : path_) assignment_.add_rules(rule);
  }

  absl::Status TooMany(const std::string& name) const {
    std::vector<std::string> rules = path_;
    rules.push_back(name);
    return Reject(v1::ASSIGNMENT_RULES_ERROR_TOO_MANY_RULES,
                  absl::StrCat("The branches lead round in a circle, or to more than ", kRulesMax,
                               " rules: ", absl::StrJoin(rules, ", "), "."),
                  {{"rules", absl::StrJoin(rules, ", ")}});
  }

  const AssignmentQuestion& question_;
  AssignmentFacts& facts_;
  int asked_ = 0;
  std::vector<std::string> path_;  // the rules that are being asked
  std::vector<v1::PassedOver> passed_over_;
  v1::Assignment assignment_;
};

}  // namespace

absl::StatusOr<v1::Assignment> Assign(const AssignmentQuestion& question, AssignmentFacts& facts) {
  return Course(question, facts).Run();
}

std::optional<absl::Time> FirstFree(const v1::Assignment& assignment) {
  std::optional<absl::Time> first;
  for (const v1::PassedOver& one : assignment.passed_over()) {
    if (!one.has_until_time()) continue;
    const absl::Time until = FromTimestamp(one.until_time());
    if (!first.has_value() || until < *first) first = until;
  }
  return first;
}

absl::Status NobodyAvailable(const std::string& rule, const std::string& record,
                             const v1::Assignment& assignment) {
  google::rpc::PreconditionFailure failure;
  std::vector<v1::PassedOver> passed_over(assignment.passed_over().begin(),
                                          assignment.passed_over().end());
  for (const v1::PassedOver& one : passed_over) {
    if (failure.violations_size() == kViolationsMax) break;
    auto& violation = *failure.add_violations();
    violation.set_type(v1::Obstacle_Name(one.obstacle()));
    violation.set_subject(one.assignee());
    violation.set_description(Told(one));
  }
  ErrorMetadata metadata = {{"rule", rule}, {"record", record}};
  const std::optional<absl::Time> first = FirstFree(assignment);
  if (first.has_value()) metadata.push_back({"try_time", DateText(*first)});
  return Reject(v1::ASSIGNMENT_RULES_ERROR_NOBODY_AVAILABLE,
                absl::StrCat("Nobody can take it", Told(passed_over), "."), metadata, failure);
}

absl::Status CheckResource(const v1::AssignmentRule& rule, const std::string& record) {
  if (eventstore::CategoryOf(record) == rule.resource()) return absl::OkStatus();
  return Reject(
      v1::ASSIGNMENT_RULES_ERROR_WRONG_RESOURCE,
      absl::StrCat(rule.name(), " is for ", rule.resource(), ", and ", record, " is none of them."),
      {{"rule", rule.name()}, {"record", record}, {"resource", rule.resource()}});
}

}  // namespace kith::assignment_rules
