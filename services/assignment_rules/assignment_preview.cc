#include "services/assignment_rules/assignment_preview.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_service.pb.h"
#include "kith/teams/v1/team.pb.h"
#include "projections/assignment_rules/assignment_rule_directory.h"
#include "projections/assignment_rules/assignment_turns.h"
#include "services/assignment_rules/assignment.h"
#include "services/assignment_rules/assignment_rule.h"
#include "services/core/date.h"
#include "services/core/field_of.h"
#include "services/core/record_condition.h"
#include "services/core/reject.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/owned_records.h"

namespace kith::assignment_rules {
namespace {

using google::protobuf::Message;
using projections::DirectoryRows;
using runtime::ReadContext;

// The views that the method is bound with, in their order.
enum : size_t { kRules, kTurns, kUsers, kTeams, kContacts };

// Rows at the position of the read. Lives for one read.
class ReadFacts final : public AssignmentFacts {
 public:
  ReadFacts(const ReadContext& context, const runtime::OwnedRecords& owned,
            const projections::ViewSnapshot& records, std::string collection, const Message& record,
            bool sees_all)
      : context_(context),
        owned_(owned),
        records_(records),
        collection_(std::move(collection)),
        record_(record),
        sees_all_(sees_all) {}

  absl::StatusOr<const v1::AssignmentRule*> FindRule(const std::string& name) override {
    return Find(AssignmentRuleDirectory::AssignmentRules(), kRules, name);
  }
  absl::StatusOr<const v1::AssignmentTurns*> FindTurns(const std::string& rule) override {
    return Find(AssignmentTurns::Turns(), kTurns, TurnsOf(rule));
  }
  absl::StatusOr<const users::v1::User*> FindUser(const std::string& name) override {
    return Find(DirectoryRows<users::v1::User>(), kUsers, name);
  }
  absl::StatusOr<bool> HasTeam(const std::string& name) override {
    KITH_ASSIGN_OR_RETURN(const auto* const team,
                          Find(DirectoryRows<teams::v1::Team>(), kTeams, name));
    return team != nullptr;
  }
  absl::StatusOr<std::vector<int64_t>> CountOpen(absl::Span<const std::string> users) override {
    // Who is asked for again and again tells who has more.
    if (!sees_all_) {
      return Hidden(absl::StrCat("Who is least busy tells how many ", collection_, " each has"));
    }
    std::vector<int64_t> counts;
    for (const std::string& user : users) {
      KITH_ASSIGN_OR_RETURN(int64_t count,
                            owned_.CountOpen(records_, context_.workspace(), collection_, user));
      counts.push_back(count);
    }
    return counts;
  }
  absl::StatusOr<std::vector<std::string>> OwnersOfContact() override {
    KITH_ASSIGN_OR_RETURN(
        std::vector<std::string> owners,
        owned_.OwnersOfContact(records_, context_.view(kContacts), context_.workspace(), record_));
    if (!owners.empty() && !sees_all_) {
      return Hidden("Who has another open lead of the contact gets this one");
    }
    return owners;
  }

 private:
  absl::Status Hidden(absl::string_view what) const {
    return Reject(v1::ASSIGNMENT_RULES_ERROR_RECORDS_HIDDEN,
                  absl::StrCat(what, ", and you do not see all ", collection_,
                               ". AssignRecord assigns all the same."),
                  {{"resource", collection_}});
  }

  template <class Row>
  absl::StatusOr<const Row*> Find(const projections::Table<Row>& table, size_t view,
                                  const std::string& name) {
    KITH_ASSIGN_OR_RETURN(
        std::optional<Row> row,
        table.Get(context_.view(view), context_.workspace(), name, context_.tier));
    if (!row.has_value()) return nullptr;
    auto kept = std::make_shared<const Row>(*std::move(row));
    const Row* const found = kept.get();
    kept_.push_back(std::move(kept));
    return found;
  }

  const ReadContext& context_;
  const runtime::OwnedRecords& owned_;
  const projections::ViewSnapshot& records_;
  const std::string collection_;
  const Message& record_;
  const bool sees_all_;  // the caller, of its records
  std::vector<std::shared_ptr<const void>> kept_;
};

class Preview {
 public:
  Preview(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
          const runtime::MethodTable& methods)
      : resources_(std::move(resources)),
        collections_(runtime::CollectionsOf(resources_)),
        runtime_(runtime),
        methods_(methods) {}

  absl::Status Run(const ReadContext& context, const v1::PreviewAssignmentRequest& request,
                   v1::Assignment* response) const {
    KITH_ASSIGN_OR_RETURN(
        const std::optional<v1::AssignmentRule> rule,
        AssignmentRuleDirectory::AssignmentRules().Get(context.view(kRules), context.workspace(),
                                                       request.rule(), context.tier));
    if (!rule.has_value()) {
      return runtime::NotThere(context, request.rule(), ResourceNotFound(Rules(), request.rule()));
    }
    KITH_RETURN_IF_ERROR(CheckResource(*rule, request.record()));
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> record,
                          runtime::ReadRecord(context, methods_, request.record()));
    KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
    const absl::TimeZone zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
    const AssignmentQuestion question{request.rule(),
                                      *record,
                                      *FindCollection(collections_, rule->resource()),
                                      {context.read_time, zone},
                                      request.ignore_capacity()};
    const runtime::BoundMethod* const get = runtime::FindGet(methods_, rule->resource());
    KITH_CHECK(get != nullptr);
    ReadFacts facts(context, *runtime_.owned,
                    context.SnapshotOf(runtime_.views.Find(DirectoryOf(rule->resource()))),
                    rule->resource(), *record,
                    runtime::Reach(context.caller, get->method().permission).is_everything());
    KITH_ASSIGN_OR_RETURN(*response, Assign(question, facts));
    if (response->owner().empty()) {
      return NobodyAvailable(request.rule(), request.record(), *response);
    }
    response->set_record(request.record());
    response->set_previous_owner(
        record->GetReflection()->GetString(*record, FieldOf(*record->GetDescriptor(), "owner")));
    return absl::OkStatus();
  }

  // Those of the method that gets the record, and its directory.
  runtime::ReadViews ViewsFor(const Message& request) const {
    const std::string& record = static_cast<const v1::PreviewAssignmentRequest&>(request).record();
    const absl::string_view category = eventstore::CategoryOf(record);
    const runtime::BoundMethod* const get = runtime::FindGet(methods_, category);
    if (get == nullptr || !get->is_read() || DirectoryOf(category).empty()) return {};
    runtime::ReadViews views = get->views();
    projections::View* const directory = &runtime_.views.Find(DirectoryOf(category));
    if (std::find(views.begin(), views.end(), directory) == views.end()) {
      views.push_back(directory);
    }
    return views;
  }

 private:
  // Empty where the server has no such resource.
  absl::string_view DirectoryOf(absl::string_view category) const {
    const runtime::ResourceType* const type = runtime::FindType(resources_, category);
    return type == nullptr ? "" : type->directory->name();
  }

  const std::vector<runtime::ResourceType> resources_;
  const Collections collections_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
};

}  // namespace

void BindPreview(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
                 runtime::MethodTable& methods) {
  const auto preview = std::make_shared<const Preview>(std::move(resources), runtime, methods);
  methods.Read(
      runtime::MethodOf<v1::PreviewAssignmentRequest>(),
      {AssignmentRuleDirectory::kName, AssignmentTurns::kName, "user_directory", "team_directory",
       "contact_directory"},
      runtime::ReadKind::kScan,
      [preview](const ReadContext& context, const Message& request, Message* response) {
        return preview->Run(context, static_cast<const v1::PreviewAssignmentRequest&>(request),
                            static_cast<v1::Assignment*>(response));
      },
      [preview](const Message& request) { return preview->ViewsFor(request); });
}

}  // namespace kith::assignment_rules
