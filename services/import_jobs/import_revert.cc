#include "services/import_jobs/import_revert.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "kith/import_jobs/v1/import_jobs_errors.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/policies/v1/policy_rows.pb.h"
#include "projections/import_jobs/import_job_changes.h"
#include "projections/import_jobs/import_job_reverts.h"
#include "projections/reactions/pending_reactions.h"
#include "projections/reactions/policy.h"
#include "projections/tables/fold_resource.h"
#include "services/core/by_itself.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/core/update_mask.h"
#include "services/import_jobs/import_job.h"
#include "services/import_jobs/record_requests.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/not_known_yet.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/table_reads.h"

namespace kith::import_jobs {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using runtime::Loader;
using runtime::ResourceType;

// Of one append, and of one page of a preview.
constexpr int kRevertedMax = 100;
// Of what happened to a job since its revert went on, as that it was renamed.
constexpr int kLookedBackMax = 1'000;
// How far a plan follows what names what names a record.
constexpr int kPlanStepsMax = 100;

absl::Status NotRevertible(const std::string& record, absl::string_view why) {
  return RejectState(v1::IMPORT_JOBS_ERROR_NOT_REVERTIBLE,
                     absl::StrCat("It cannot be taken back: ", why, ". Undo it by hand."), record);
}

std::string FilterOf(absl::string_view import_job) {
  return absl::StrCat("import_job = \"", import_job, "\"");
}

// Whether credentials let it go on without a further call: it acts with all that their user may
// then.
bool MayGoOnByItself(const CommandContext& context) {
  if (context.grants == nullptr) return true;
  const bool is_nobody = context.user.empty() && context.on_behalf_of.empty();
  if (is_nobody) return context.grants->ContainAll("*");
  const std::vector<std::string>& granted = context.grants->patterns();
  return std::find(granted.begin(), granted.end(), "*") != granted.end();
}

// For whom it goes on by itself; empty where it is nobody.
absl::string_view ActsFor(const CommandContext& context) {
  return context.on_behalf_of.empty() ? context.user : context.on_behalf_of;
}

// Those of the fields that a caller may set.
FieldMask SettableOf(const FieldMask& differing, const Descriptor& resource) {
  FieldMask settable;
  for (const std::string& path : differing.paths()) {
    const FieldDescriptor* const field = resource.FindFieldByName(path.substr(0, path.find('.')));
    const bool is_set_by_callers = field != nullptr && field->name() != "name" &&
                                   field->name() != "etag" &&
                                   !field->options().GetExtension(options::v1::field).output_only();
    if (is_set_by_callers) settable.add_paths(path);
  }
  return settable;
}

// Leaves out what is of records that the caller may not see.
template <class Row, class RecordOf>
absl::Status KeepSeen(const runtime::ReadContext& context, const runtime::OwnedRecords& owned,
                      google::protobuf::RepeatedPtrField<Row>& rows, RecordOf record_of) {
  int seen = 0;
  for (int i = 0; i < rows.size(); ++i) {
    KITH_ASSIGN_OR_RETURN(const bool is_seen, owned.Sees(context, record_of(rows.Get(i)), ""));
    if (is_seen) rows.SwapElements(seen++, i);
  }
  rows.DeleteSubrange(seen, rows.size() - seen);
  return absl::OkStatus();
}

}  // namespace

ImportRevert::ImportRevert(std::vector<ResourceType> types, const runtime::Runtime& runtime,
                           const runtime::MethodTable& methods)
    : types_(std::move(types)), runtime_(runtime), methods_(methods), uses_(types_, runtime) {}

const ResourceType* ImportRevert::FindType(absl::string_view record) const {
  return runtime::FindType(types_, eventstore::CategoryOf(record));
}

Decision ImportRevert::Run(Loader& load, const v1::RevertImportJobRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const ImportJobState* const state,
                        load.Load<ImportJobAggregate>(command.name()));
  KITH_RETURN_IF_ERROR(CheckRevertible(*state, command.name()));
  const v1::ImportJob& job = state->resource;
  const bool goes_on_by_itself = IsDoneByPolicy(context, ImportJobReverts::kName);
  if (job.state() != v1::REVERTING) {
    const bool is_nothing_left = job.state() == v1::REVERTED && job.kept_count() == 0;
    return goes_on_by_itself || is_nothing_left ? NoChange() : Begin(command.name(), context);
  }
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  if (!goes_on_by_itself && MayGoOnByItself(context)) {
    // For whom it goes on may be gone meanwhile: anybody else takes it over.
    if (job.acts_for() != ActsFor(context)) return Begin(command.name(), context);
    KITH_ASSIGN_OR_RETURN(const bool is_about_to, IsAboutToGoOn(load.workspace(), job));
    return is_about_to ? NoChange() : Begin(command.name(), context);
  }
  return GoOn(load, v1::ImportJob(job), context);
}

Decision ImportRevert::Begin(const std::string& import_job, const CommandContext& context) {
  v1::ImportJobEvent event;
  v1::ImportJobRevertBegun& begun = *event.mutable_import_job_revert_begun();
  begun.set_name(import_job);
  if (MayGoOnByItself(context)) {
    begun.set_by_itself(true);
    begun.set_acts_for(std::string(ActsFor(context)));
  }
  return Changes().Append(import_job, std::move(event));
}

absl::StatusOr<bool> ImportRevert::IsAboutToGoOn(WorkspaceId workspace,
                                                 const v1::ImportJob& job) const {
  if (!job.reverts_by_itself()) return false;
  const projections::View& view = runtime_.views.Find(ImportJobReverts::kName);
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                        runtime_.log.HeadOf(workspace, job.name(), ReadTier::kDisk));
  // What it does next is not known yet.
  if (view.position() < head.position) return true;
  KITH_ASSIGN_OR_RETURN(const std::optional<Sequence> last, LastAsked(workspace, job.name()));
  if (!last.has_value()) return false;
  KITH_ASSIGN_OR_RETURN(
      const std::optional<policies::v1::PendingReaction> reaction,
      projections::FindReaction(view.Latest(), workspace, projections::ReactionName(*last, 0)));
  return reaction.has_value() && !reaction->is_parked();
}

absl::StatusOr<std::optional<Sequence>> ImportRevert::LastAsked(
    WorkspaceId workspace, const std::string& import_job) const {
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                        runtime_.log.HeadOf(workspace, import_job, ReadTier::kDisk));
  const auto cursor = runtime_.log.ReadStream(workspace, import_job, head.revision,
                                              Direction::kBackwards, ReadTier::kDisk);
  for (int i = 0; i < kLookedBackMax; ++i) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    if (record == nullptr) break;
    KITH_ASSIGN_OR_RETURN(const auto recorded, runtime_.registry.DecodeClear(std::move(record)));
    const auto& event = static_cast<const v1::ImportJobEvent&>(*recorded->event);
    if (event.has_import_job_revert_begun() || event.has_import_job_revert_advanced()) {
      return recorded->header().sequence;
    }
  }
  return std::nullopt;
}

Decision ImportRevert::GoOn(Loader& load, const v1::ImportJob& job,
                            const CommandContext& context) const {
  const projections::View& view = runtime_.views.Find(ImportJobChanges::kName);
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                        runtime_.log.HeadOf(load.workspace(), job.name(), ReadTier::kDisk));
  // It has everything that the import made, and what was kept, where it has the event that ended
  // it.
  if (view.position() < head.position) return runtime::NotKnownYet("What the import made");
  KITH_ASSIGN_OR_RETURN(const std::vector<v1::ImportJobChange> changes,
                        ReadChangesBefore(view.At(view.position()), load.workspace(), job.name(),
                                          job.revert_sequence(), kRevertedMax + 1));
  v1::ImportJobEvent event;
  v1::ImportJobRevertAdvanced& advanced = *event.mutable_import_job_revert_advanced();
  advanced.set_name(job.name());
  advanced.set_done(static_cast<int>(changes.size()) <= kRevertedMax);
  advanced.set_by_itself(job.reverts_by_itself());
  advanced.set_acts_for(job.acts_for());
  for (const v1::ImportJobChange& change : changes) {
    if (advanced.reverted_count() + advanced.kept_size() == kRevertedMax) break;
    advanced.set_revert_sequence(change.sequence());
    Decision decision = Revert(load, change, context);
    if (decision.ok()) {
      load.Assume(*std::move(decision), context);
      advanced.set_reverted_count(advanced.reverted_count() + 1);
      advanced.add_reverted(change.record());
      continue;
    }
    // What only the server lacks at the moment says nothing of the record.
    const std::optional<google::rpc::Status> error = WireError(decision.status());
    if (!error.has_value() || IsOfTheMoment(decision.status())) return decision.status();
    v1::KeptRecord& kept = *advanced.add_kept();
    kept.set_record(change.record());
    kept.mutable_status()->set_code(error->code());
    kept.mutable_status()->set_message(error->message());
  }
  load.Assume(Changes().Append(job.name(), std::move(event)), context);
  return load.TakeAssumed();
}

absl::Status ImportRevert::Render(runtime::Rendering& after,
                                  const v1::RevertImportJobRequest& command,
                                  v1::RevertImportJobResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const ImportJobState* const state,
                        after.Load<ImportJobAggregate>(command.name()));
  WriteReply(Rules(), state->resource, response->mutable_job());
  response->set_more(state->resource.state() == v1::REVERTING);
  for (const runtime::AppendedEvent& appended : after.events()) {
    if (appended.stream != command.name()) continue;
    const auto& event = static_cast<const v1::ImportJobEvent&>(*appended.event);
    if (!event.has_import_job_revert_advanced()) continue;
    const v1::ImportJobRevertAdvanced& advanced = event.import_job_revert_advanced();
    response->set_reverted_count(advanced.reverted_count());
    for (const v1::KeptRecord& kept : advanced.kept()) {
      if (!IsOfAHidden(kept)) *response->add_kept() = kept;
    }
  }
  return absl::OkStatus();
}

bool ImportRevert::IsOfAHidden(const v1::KeptRecord& kept) const {
  const ResourceType* const type = FindType(kept.record());
  if (type == nullptr) return false;
  const std::optional<google::rpc::Status> hidden =
      WireError(ResourceNotFound(*type->rules, kept.record()));
  return hidden.has_value() && kept.status().message() == hidden->message();
}

Decision ImportRevert::Revert(Loader& load, const v1::ImportJobChange& change,
                              const CommandContext& context) const {
  const ResourceType* const type = FindType(change.record());
  if (type == nullptr) return NotRevertible(change.record(), "nothing deletes what it is");
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type->aggregate, change.record()));
  const ResourceNow now = type->now_of(state);
  if (now.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(*type->rules, change.record());
  const Revision* const revision = load.RevisionOf(change.record());
  KITH_CHECK(revision != nullptr);
  KITH_RETURN_IF_ERROR(Check(load.workspace(), change, *revision));
  // The import itself deleted it, or a revert did.
  if (now.lifecycle != Lifecycle::kActive && change.created()) return NoChange();
  const Descriptor& resource = *type->rules->resource->GetDescriptor();
  const std::unique_ptr<Message> request =
      NewRequest(*type, change.created() ? "Delete" : "Update");
  if (change.created()) {
    SetText(*request, "name", change.record());
    KITH_RETURN_IF_ERROR(uses_.CheckUnused(load, change));
    return runtime::DecidePart(methods_, load, *request, context);
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> before, Before(load.workspace(), change));
  const FieldMask mask = SettableOf(DifferingFields(*before, *now.resource), resource);
  if (mask.paths().empty()) return NoChange();
  const auto& reflection = *request->GetReflection();
  Message& wanted =
      *reflection.MutableMessage(&*request, FieldOfType(*request->GetDescriptor(), resource));
  ApplyFields(*before, mask, &wanted);
  SetText(wanted, "name", change.record());
  reflection.MutableMessage(&*request, FieldOf(*request->GetDescriptor(), "update_mask"))
      ->CopyFrom(mask);
  return runtime::DecidePart(methods_, load, *request, context);
}

absl::Status ImportRevert::Check(WorkspaceId workspace, const v1::ImportJobChange& change,
                                 Revision revision) const {
  const ResourceType* const type = FindType(change.record());
  const bool can_be =
      type != nullptr && NewRequest(*type, change.created() ? "Delete" : "Update") != nullptr;
  if (!can_be) return NotRevertible(change.record(), "nothing deletes or updates what it is");
  const int64_t events = change.last_revision() - change.first_revision() + 1;
  bool is_as_left = static_cast<int64_t>(revision.value()) == change.last_revision();
  if (!is_as_left && change.created()) {
    KITH_ASSIGN_OR_RETURN(is_as_left, AreOnlyRevertsSince(workspace, change));
  }
  if (!is_as_left) {
    KITH_ASSIGN_OR_RETURN(is_as_left, IsAsLeft(workspace, change));
  }
  if (!is_as_left || events != change.event_count()) {
    return RejectState(v1::IMPORT_JOBS_ERROR_CHANGED_SINCE,
                       "It was changed since the import, or deleted, and stays as it is.",
                       change.record());
  }
  if (change.created()) return absl::OkStatus();
  const auto cursor = runtime_.log.ReadStream(
      workspace, change.record(), Revision(static_cast<uint64_t>(change.first_revision())),
      Direction::kForwards, ReadTier::kDisk);
  for (int64_t i = 0; i < events; ++i) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    KITH_CHECK(record != nullptr);
    KITH_ASSIGN_OR_RETURN(const auto event, runtime_.registry.DecodeClear(std::move(record)));
    if (KindOf(*event->event, *type->rules->resource->GetDescriptor()) != StandardEvent::kUpdated) {
      return NotRevertible(change.record(), "the import did more than to update it");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ImportRevert::IsAsLeft(WorkspaceId workspace,
                                            const v1::ImportJobChange& change) const {
  const ResourceType& type = *FindType(change.record());
  const Descriptor& resource = *type.rules->resource->GetDescriptor();
  const std::unique_ptr<Message> now(type.rules->resource->New());
  std::unique_ptr<Message> left;
  const auto cursor = runtime_.log.ReadStream(workspace, change.record(), Revision(1),
                                              Direction::kForwards, ReadTier::kDisk);
  for (int64_t revision = 1;; ++revision) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    if (record == nullptr) break;
    KITH_ASSIGN_OR_RETURN(const auto event,
                          runtime_.registry.Decode(std::move(record), runtime_.keys));
    const bool is_update = KindOf(*event->event, resource) == StandardEvent::kUpdated;
    if (revision > change.last_revision() && !is_update) return false;
    type.rules->fold(projections::HappeningOf(*event), *now);
    if (revision != change.last_revision()) continue;
    left.reset(now->New());
    left->CopyFrom(*now);
  }
  return left != nullptr && SettableOf(DifferingFields(*left, *now), resource).paths().empty();
}

absl::StatusOr<bool> ImportRevert::AreOnlyRevertsSince(WorkspaceId workspace,
                                                       const v1::ImportJobChange& change) const {
  const std::string by_itself = projections::PolicyMethod(ImportJobReverts::kName);
  const std::string& by_call = runtime::MethodOf<v1::RevertImportJobRequest>().name;
  const auto cursor = runtime_.log.ReadStream(
      workspace, change.record(), Revision(static_cast<uint64_t>(change.last_revision()) + 1),
      Direction::kForwards, ReadTier::kDisk);
  while (true) {
    KITH_ASSIGN_OR_RETURN(const auto record, cursor->Next());
    if (record == nullptr) return true;  // what the revert itself just did is not there yet
    const std::string& method = record->header.request.method;
    if (method != by_itself && method != by_call) return false;
  }
}

absl::StatusOr<std::unique_ptr<Message>> ImportRevert::Before(
    WorkspaceId workspace, const v1::ImportJobChange& change) const {
  const ResourceType& type = *FindType(change.record());
  std::unique_ptr<Message> before(type.rules->resource->New());
  const auto cursor = runtime_.log.ReadStream(workspace, change.record(), Revision(1),
                                              Direction::kForwards, ReadTier::kDisk);
  for (int64_t revision = 1; revision < change.first_revision(); ++revision) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    KITH_CHECK(record != nullptr);
    KITH_ASSIGN_OR_RETURN(const auto event,
                          runtime_.registry.Decode(std::move(record), runtime_.keys));
    type.rules->fold(projections::HappeningOf(*event), *before);
  }
  return before;
}

absl::Status ImportRevert::List(const runtime::ReadContext& context,
                                const v1::ListImportJobChangesRequest& request,
                                v1::ListImportJobChangesResponse* response) const {
  KITH_RETURN_IF_ERROR(runtime::ReadRecord(context, methods_, request.name()).status());
  const std::string filter = FilterOf(request.name());
  KITH_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      runtime::ListRows(
          context, ImportJobChanges::Changes().core(),
          {.filter = filter, .order_by = "sequence desc", .page_size = request.page_size()},
          [&] { return response->add_changes(); }));
  return KeepSeen(context, *runtime_.owned, *response->mutable_changes(),
                  [](const v1::ImportJobChange& change) { return change.record(); });
}

absl::Status ImportRevert::Plan(WorkspaceId workspace, const v1::ImportJobChange& change,
                                int further, Plans& plans) const {
  if (const auto known = plans.find(change.record()); known != plans.end()) return known->second;
  const absl::Status plan = [&]() -> absl::Status {
    KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                          runtime_.log.HeadOf(workspace, change.record(), ReadTier::kDisk));
    KITH_RETURN_IF_ERROR(Check(workspace, change, head.revision));
    if (!change.created() || further == 0) return absl::OkStatus();
    const projections::View& view = runtime_.views.Find(ImportJobChanges::kName);
    const auto goes = [&](const std::string& record) -> absl::StatusOr<bool> {
      KITH_ASSIGN_OR_RETURN(
          const std::optional<v1::ImportJobChange> own,
          ReadChange(view.At(view.position()), workspace, change.import_job(), record));
      if (!own.has_value()) return false;
      // What comes later is looked at then, and names nothing that is gone.
      if (own->sequence() < change.sequence()) return own->created();
      const absl::Status plan = Plan(workspace, *own, further - 1, plans);
      if (IsOfTheMoment(plan)) return plan;
      return plan.ok();
    };
    return uses_.CheckUnusedThen(workspace, change, goes);
  }();
  plans.emplace(change.record(), plan);
  return plan;
}

absl::Status ImportRevert::Preview(const runtime::ReadContext& context,
                                   const v1::PreviewImportJobRevertRequest& request,
                                   v1::PreviewImportJobRevertResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> job,
                        runtime::ReadRecord(context, methods_, request.name()));
  const std::string filter =
      ChangesToRevert(request.name(), static_cast<const v1::ImportJob&>(*job).revert_sequence());
  KITH_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      runtime::ListRows(context, ImportJobChanges::Changes().core(),
                        {.filter = filter, .order_by = "sequence desc", .page_size = kRevertedMax},
                        [&] { return response->add_records()->mutable_change(); }));
  KITH_RETURN_IF_ERROR(
      KeepSeen(context, *runtime_.owned, *response->mutable_records(),
               [](const v1::PlannedRevert& planned) { return planned.change().record(); }));
  Plans plans;
  for (v1::PlannedRevert& planned : *response->mutable_records()) {
    const absl::Status plan = Plan(context.workspace(), planned.change(), kPlanStepsMax, plans);
    if (plan.ok()) continue;
    const std::optional<google::rpc::Status> error = WireError(plan);
    if (!error.has_value() || IsOfTheMoment(plan)) return plan;
    planned.mutable_kept()->set_code(error->code());
    planned.mutable_kept()->set_message(error->message());
  }
  return absl::OkStatus();
}

}  // namespace kith::import_jobs
