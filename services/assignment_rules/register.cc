// Everything that assignment rules bring to a server.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_service.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/assignment_rules/assignment_rule_directory.h"
#include "projections/assignment_rules/assignment_turns.h"
#include "projections/assignment_rules/deferred_assignments.h"
#include "projections/assignment_rules/turn_fold.h"
#include "services/assignment_rules/assignment_commands.h"
#include "services/assignment_rules/assignment_preview.h"
#include "services/assignment_rules/assignment_rule.h"
#include "services/assignment_rules/assignment_rule_fields.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/shown_fields.h"
#include "services/runtime/server_builder.h"

namespace kith::assignment_rules {
namespace {

// Whether whom the rule gives a record depends on what the record holds.
bool AsksOfRecords(const v1::AssignmentRule& rule) {
  return std::any_of(rule.branches().begin(), rule.branches().end(),
                     [](const auto& branch) { return !branch.condition().empty(); }) ||
         std::any_of(rule.members().begin(), rule.members().end(),
                     [](const auto& member) { return !member.preference().empty(); });
}

// Whom a rule gives a record tells what its conditions and preferences ask for. And it gives them
// with the rights of whoever asks by it, a workflow's among them: so who writes it needs to be able
// to give them, too.
absl::Status MayAsk(const v1::AssignmentRule&, const v1::AssignmentRule& after,
                    const Grants* grants) {
  const std::string permission = absl::StrCat(Underscored(after.resource()), ".write");
  if (grants != nullptr && grants->ScopeOf(permission) != Scope::kAll) {
    return Reject(type::v1::ERROR_PERMISSION_DENIED,
                  absl::StrCat("A rule gives records to whom it says, whoever asks by it. To write "
                               "one, your credentials have to grant ",
                               permission, " for all records."),
                  {{"permission", permission}, {"scope", "all"}});
  }
  if (!AsksOfRecords(after) || ShowAllFields(grants)) return absl::OkStatus();
  return Reject(type::v1::ERROR_PERMISSION_DENIED,
                "Your roles hide fields from you, and a condition or a preference may tell what "
                "they hold. Do without both.");
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<AssignmentRuleAggregate>()
                             .NotFound(v1::ASSIGNMENT_RULES_ERROR_ASSIGNMENT_RULE_NOT_FOUND)
                             .LinkNotFound(v1::ASSIGNMENT_RULES_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Check(CheckFields)
                             .Authorise(MayAsk)
                             .Build());
  return rules;
}

TurnsState Evolve(TurnsState state, const Recorded<v1::AssignmentTurnEvent>& recorded) {
  FoldTurn(recorded.event, recorded.occur_time, state.turns);
  return state;
}

std::string TurnsOf(absl::string_view rule) {
  return absl::StrCat(TurnsAggregate::kCategory, rule.substr(rule.find('/')));
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<AssignmentRuleAggregate, v1::GetAssignmentRuleRequest>(
      Rules(), std::make_unique<AssignmentRuleDirectory>());
  server.RegisterEvents<v1::AssignmentTurnEvent>(TurnsAggregate::kCategory);
  server.AddProjection(std::make_unique<AssignmentTurns>());
  server.AddPolicy(std::make_unique<DeferredAssignments>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    methods.Command<v1::AssignRecordRequest, v1::Assignment>(
        AssignmentCommands(server.resources(), runtime));
    BindPreview(server.resources(), runtime, methods);
  });
}

}  // namespace kith::assignment_rules
