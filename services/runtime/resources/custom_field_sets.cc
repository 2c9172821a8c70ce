#include "services/runtime/resources/custom_field_sets.h"

#include <set>
#include <utility>
#include <vector>

#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/custom_fields/v1/custom_field_events.pb.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {
namespace {

using custom_fields::v1::CustomField;

// The events of another capability, by its protos alone.
struct CustomFieldAggregate : ResourceAggregate<CustomField, custom_fields::v1::CustomFieldEvent> {
  static constexpr absl::string_view kCategory = "customFields";
};

// The set with these fields as they are now: they changed, and it is about to be forgotten.
SharedCustomFields With(const std::vector<const CustomFieldAggregate::State*>& newer,
                        const CustomFieldSet& set, const ResourceRules& rules) {
  std::vector<CustomField> fields = set.fields();
  for (const CustomFieldAggregate::State* const now : newer) {
    std::erase_if(fields,
                  [&](const CustomField& field) { return field.name() == now->resource.name(); });
    if (now->lifecycle == Lifecycle::kActive) fields.push_back(now->resource);
  }
  return std::make_shared<const CustomFieldSet>(*rules.resource->GetDescriptor(),
                                                std::move(fields));
}

}  // namespace

std::shared_ptr<CustomFieldSets> CustomFieldSets::Open(const Runtime& runtime) {
  auto sets = std::shared_ptr<CustomFieldSets>(new CustomFieldSets(runtime));
  runtime.transact.Observe(
      CustomFieldAggregate::kCategory,
      [sets](WorkspaceId workspace, const AppendedEvent&) { sets->Forget(workspace); });
  return sets;
}

absl::StatusOr<const CustomFieldSet*> CustomFieldSets::Load(Loader& load,
                                                            const ResourceRules& rules,
                                                            const google::protobuf::Message& sent) {
  std::vector<std::string> keys;
  for (const google::protobuf::FieldDescriptor* const map :
       CustomMapsOf(*rules.resource->GetDescriptor())) {
    for (const auto& [key, value] : EntriesIn(sent, *map)) keys.push_back(key);
  }
  return LoadKeys(load, rules, keys);
}

absl::StatusOr<const CustomFieldSet*> CustomFieldSets::LoadKeys(
    Loader& load, const ResourceRules& rules, const std::vector<std::string>& keys) {
  KITH_ASSIGN_OR_RETURN(SharedCustomFields set, Known(load, rules));
  std::vector<const CustomFieldAggregate::State*> newer;
  for (const std::string& key : keys) {
    const CustomField* const known = set->Find(key);
    if (known == nullptr) continue;
    KITH_ASSIGN_OR_RETURN(const auto* const now, load.Load<CustomFieldAggregate>(known->name()));
    if (now->resource.etag() != known->etag()) newer.push_back(now);
  }
  if (!newer.empty()) set = With(newer, *set, rules);
  return static_cast<const CustomFieldSet*>(load.Keep(std::move(set)));
}

absl::StatusOr<SharedCustomFields> CustomFieldSets::Known(Loader& load,
                                                          const ResourceRules& rules) {
  const WorkspaceId workspace = load.workspace();
  auto [set, changes] = Find(workspace, rules.category);
  if (set != nullptr) return std::move(set);
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  KITH_ASSIGN_OR_RETURN(SharedCustomFields read, Read(workspace, rules));
  MutexLock lock(mutex_);
  Workspace& known = workspaces_[workspace];
  // What changed while it was read may not be in it.
  if (known.changes == changes) known.sets[std::string(rules.category)] = read;
  return read;
}

std::pair<SharedCustomFields, uint64_t> CustomFieldSets::Find(WorkspaceId workspace,
                                                              absl::string_view collection) const {
  MutexLock lock(mutex_);
  const auto known = workspaces_.find(workspace);
  if (known == workspaces_.end()) return {nullptr, 0};
  const auto set = known->second.sets.find(collection);
  return {set == known->second.sets.end() ? nullptr : set->second, known->second.changes};
}

absl::StatusOr<SharedCustomFields> CustomFieldSets::Read(WorkspaceId workspace,
                                                         const ResourceRules& rules) const {
  const eventstore::Tag tag = runtime_.keys.Mac(workspace, kCustomisedClaim, rules.category);
  const auto cursor = runtime_.log.ReadTag(workspace, tag, Position());
  std::set<std::string> streams;
  while (true) {
    KITH_ASSIGN_OR_RETURN(const auto record, cursor->Next());
    if (record == nullptr) break;
    streams.insert(record->header.stream);
  }
  std::vector<CustomField> fields;
  for (const std::string& stream : streams) {
    KITH_ASSIGN_OR_RETURN(const auto state,
                          runtime_.transact.Fold<CustomFieldAggregate>(workspace, stream));
    if (state->lifecycle == Lifecycle::kActive) fields.push_back(state->resource);
  }
  return std::make_shared<const CustomFieldSet>(*rules.resource->GetDescriptor(),
                                                std::move(fields));
}

void CustomFieldSets::Forget(WorkspaceId workspace) {
  MutexLock lock(mutex_);
  Workspace& known = workspaces_[workspace];
  ++known.changes;
  known.sets.clear();
}

}  // namespace kith::runtime
