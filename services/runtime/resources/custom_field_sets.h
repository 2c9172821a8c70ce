// CustomFieldSets: the custom fields of each workspace's resources, in memory, for commands on
// their records.
//
// A set is read from the log when a command first needs it, and again after a custom field changed:
// a change is known before it is acknowledged. The set itself is no condition of what is decided on
// it, as what a record keeps of a custom field never changes (services/core/custom_fields.h); those
// fields are of which a command says a value, so that no record gets one of a field that was
// deleted before. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "services/core/custom_fields.h"
#include "services/core/resource_rules.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

using SharedCustomFields = std::shared_ptr<const CustomFieldSet>;

class CustomFieldSets {
 public:
  // Observes commands from now on. Borrows the runtime.
  static std::shared_ptr<CustomFieldSets> Open(const Runtime& runtime);

  // For a command that sends `sent`, such a record: as long as the loader lives. The fields that it
  // has values of are as they are now, and conditions of the append.
  absl::StatusOr<const CustomFieldSet*> Load(Loader& load, const ResourceRules& rules,
                                             const google::protobuf::Message& sent)
      KITH_EXCLUDES(mutex_);
  // The same for a command that asks for values under these keys.
  absl::StatusOr<const CustomFieldSet*> LoadKeys(Loader& load, const ResourceRules& rules,
                                                 const std::vector<std::string>& keys)
      KITH_EXCLUDES(mutex_);

 private:
  // Of one workspace.
  struct Workspace {
    uint64_t changes = 0;  // of its custom fields, since the process started
    std::map<std::string, SharedCustomFields, std::less<>> sets;  // by collection
  };

  explicit CustomFieldSets(const Runtime& runtime) : runtime_(runtime) {}

  // As it was when a field changed last.
  absl::StatusOr<SharedCustomFields> Known(Loader& load, const ResourceRules& rules)
      KITH_EXCLUDES(mutex_);
  // Null where it is not known; and how many changes there were.
  std::pair<SharedCustomFields, uint64_t> Find(WorkspaceId workspace,
                                               absl::string_view collection) const
      KITH_EXCLUDES(mutex_);
  absl::StatusOr<SharedCustomFields> Read(WorkspaceId workspace, const ResourceRules& rules) const;
  void Forget(WorkspaceId workspace) KITH_EXCLUDES(mutex_);

  const Runtime& runtime_;
  mutable Mutex mutex_;
  absl::flat_hash_map<WorkspaceId, Workspace> workspaces_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
