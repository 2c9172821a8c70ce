#include "services/assignment_rules/assignment_commands.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "services/assignment_rules/assignment.h"
#include "services/assignment_rules/assignment_rule.h"
#include "services/core/date.h"
#include "services/core/field_of.h"
#include "services/core/owner_field.h"
#include "services/core/record_condition.h"
#include "services/core/reject.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/owned_records.h"

namespace kith::assignment_rules {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using runtime::Loader;
using runtime::ResourceType;

// States, each of which becomes a condition of the append.
class LoadedFacts final : public AssignmentFacts {
 public:
  LoadedFacts(const std::vector<ResourceType>& resources, const runtime::OwnedRecords& owned,
              std::string collection, const Message& record, Loader& load)
      : resources_(resources),
        owned_(owned),
        collection_(std::move(collection)),
        record_(record),
        load_(load) {}

  absl::StatusOr<const v1::AssignmentRule*> FindRule(const std::string& name) override {
    KITH_ASSIGN_OR_RETURN(const auto* const state, load_.Load<AssignmentRuleAggregate>(name));
    return state->lifecycle == Lifecycle::kActive ? &state->resource : nullptr;
  }
  absl::StatusOr<const v1::AssignmentTurns*> FindTurns(const std::string& rule) override {
    KITH_ASSIGN_OR_RETURN(const auto* const state, load_.Load<TurnsAggregate>(TurnsOf(rule)));
    return &state->turns;
  }
  absl::StatusOr<const users::v1::User*> FindUser(const std::string& name) override {
    KITH_ASSIGN_OR_RETURN(const Message* const user, Find("users", name));
    return static_cast<const users::v1::User*>(user);
  }
  absl::StatusOr<bool> HasTeam(const std::string& name) override {
    KITH_ASSIGN_OR_RETURN(const Message* const team, Find("teams", name));
    return team != nullptr;
  }
  absl::StatusOr<std::vector<int64_t>> CountOpen(absl::Span<const std::string> users) override {
    return owned_.CountOpen(load_, collection_, users);
  }
  absl::StatusOr<std::vector<std::string>> OwnersOfContact() override {
    return owned_.OwnersOfContact(load_, record_);
  }

 private:
  absl::StatusOr<const Message*> Find(absl::string_view category, const std::string& name) {
    const ResourceType& type = runtime::TypeOf(resources_, category);
    KITH_ASSIGN_OR_RETURN(const void* const state, load_.LoadState(*type.aggregate, name));
    const ResourceNow now = type.now_of(state);
    return now.lifecycle == Lifecycle::kActive ? now.resource : nullptr;
  }

  const std::vector<ResourceType>& resources_;
  const runtime::OwnedRecords& owned_;
  const std::string collection_;
  const Message& record_;
  Loader& load_;
};

std::string TextIn(const Message& record, const char* field) {
  const FieldDescriptor* const found = record.GetDescriptor()->FindFieldByName(field);
  return found == nullptr ? "" : record.GetReflection()->GetString(record, found);
}

// Whether the record is there, as the caller last saw it, and may be given to somebody.
absl::Status CheckRecord(const ResourceNow& now, const v1::AssignRecordRequest& command) {
  if (now.lifecycle != Lifecycle::kActive) {
    return RejectResource(v1::ASSIGNMENT_RULES_ERROR_RECORD_NOT_FOUND,
                          absl::StrCat("There is no ", command.record(), "."), command.record());
  }
  const Message& record = *now.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), TextIn(record, "etag")));
  const FieldDescriptor* const close_time = record.GetDescriptor()->FindFieldByName("close_time");
  if (close_time != nullptr && record.GetReflection()->HasField(record, close_time)) {
    return RejectState(v1::ASSIGNMENT_RULES_ERROR_RECORD_CLOSED,
                       "The record is closed: nobody gets it any more. Reopen it first.",
                       command.record());
  }
  const std::string owner = TextIn(record, "owner");
  if (command.reassign() || owner.empty() || absl::StartsWith(owner, "teams/")) {
    return absl::OkStatus();
  }
  return RejectState(v1::ASSIGNMENT_RULES_ERROR_ALREADY_OWNED,
                     "The record is somebody's. Say reassign to give it to another.",
                     command.record(), {{"owner", owner}});
}

v1::AssignmentTurnEvent Deferred(const v1::AssignRecordRequest& command, v1::Assignment assignment,
                                 absl::Time until, absl::string_view user) {
  v1::AssignmentTurnEvent event;
  v1::RecordAssignmentDeferred& deferred = *event.mutable_record_assignment_deferred();
  deferred.set_rule(command.rule());
  deferred.set_record(command.record());
  *deferred.mutable_try_time() = ToTimestamp(until);
  deferred.set_user(std::string(user));
  deferred.set_reassign(command.reassign());
  *deferred.mutable_passed_over() = std::move(*assignment.mutable_passed_over());
  return event;
}

}  // namespace

AssignmentCommands::AssignmentCommands(std::vector<ResourceType> resources,
                                       const runtime::Runtime& runtime)
    : resources_(std::move(resources)),
      collections_(runtime::CollectionsOf(resources_)),
      runtime_(runtime) {}

Decision AssignmentCommands::Run(Loader& load, const v1::AssignRecordRequest& command,
                                 const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const auto* const rule, load.Load<AssignmentRuleAggregate>(command.rule()));
  if (rule->lifecycle != Lifecycle::kActive) return ResourceNotFound(Rules(), command.rule());
  KITH_RETURN_IF_ERROR(CheckResource(rule->resource, command.record()));
  const std::string& category = rule->resource.resource();
  const ResourceType& type = runtime::TypeOf(resources_, category);
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, command.record()));
  const ResourceNow now = type.now_of(state);
  KITH_RETURN_IF_ERROR(CheckRecord(now, command));

  const absl::TimeZone zone = TimeZoneOf(context.settings.time_zone).value_or(absl::UTCTimeZone());
  const AssignmentQuestion question{command.rule(),
                                    *now.resource,
                                    *FindCollection(collections_, category),
                                    {context.now, zone},
                                    command.ignore_capacity()};
  LoadedFacts facts(resources_, *runtime_.owned, category, *now.resource, load);
  KITH_ASSIGN_OR_RETURN(v1::Assignment assignment, Assign(question, facts));
  const std::string turns = TurnsOf(*assignment.rules().rbegin());
  KITH_RETURN_IF_ERROR(load.Load<TurnsAggregate>(turns).status());
  if (assignment.owner().empty()) {
    const std::optional<absl::Time> until = FirstFree(assignment);
    if (!command.wait() || !until.has_value()) {
      return NobodyAvailable(command.rule(), command.record(), assignment);
    }
    KITH_RETURN_IF_ERROR(runtime_.owned->CheckMayGive(command.record(), context));
    return Changes().Append(turns, Deferred(command, std::move(assignment), *until, context.user));
  }
  assignment.set_record(command.record());
  assignment.set_previous_owner(TextIn(*now.resource, "owner"));
  Decision given = runtime_.owned->Give(load, command.record(), assignment.owner(), context);
  if (!given.ok()) return given;
  v1::AssignmentTurnEvent event;
  *event.mutable_record_assigned()->mutable_date() = DateOf(question.moment.today());
  *event.mutable_record_assigned()->mutable_assignment() = std::move(assignment);
  return (*std::move(given)).Append(turns, std::move(event));
}

absl::Status AssignmentCommands::Render(runtime::Rendering& after,
                                        const v1::AssignRecordRequest& command,
                                        v1::Assignment* response) const {
  for (size_t i = 0; i < after.events().size(); ++i) {
    if (after.events()[i].event->GetDescriptor() != v1::AssignmentTurnEvent::descriptor()) continue;
    const v1::AssignmentTurnEvent& event = after.Event<v1::AssignmentTurnEvent>(i).event;
    if (event.has_record_assigned()) {
      *response = event.record_assigned().assignment();
      return absl::OkStatus();
    }
    const v1::RecordAssignmentDeferred& deferred = event.record_assignment_deferred();
    response->set_record(command.record());
    response->add_rules(command.rule());
    *response->mutable_try_time() = deferred.try_time();
    *response->mutable_passed_over() = deferred.passed_over();
    response->set_explanation(
        absl::StrCat("It waits: nobody can take it",
                     Told(std::vector<v1::PassedOver>(deferred.passed_over().begin(),
                                                      deferred.passed_over().end())),
                     "."));
    return absl::OkStatus();
  }
  return absl::InternalError("an assignment told nothing of itself");
}

}  // namespace kith::assignment_rules
