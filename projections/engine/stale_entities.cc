#include "projections/engine/stale_entities.h"

#include "eventstore/base/bytes.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Persisted.
constexpr absl::string_view kPrefix("\0s", 2);

std::string KeyOf(const StaleEntity& entity) {
  std::string key(kPrefix);
  AppendFixed32(entity.workspace.value(), &key);
  key += entity.stream;
  return key;
}

std::string ValueOf(const StaleEntity& entity) {
  std::string value;
  AppendVarint(entity.since.value(), &value);
  AppendString(entity.error, &value);
  return value;
}

bool Parse(absl::string_view key, absl::string_view value, StaleEntity* entity) {
  key.remove_prefix(kPrefix.size());
  if (key.size() < sizeof(uint32_t)) return false;
  entity->workspace = WorkspaceId(LoadFixed32(key.data()));
  entity->stream = std::string(key.substr(sizeof(uint32_t)));
  ByteReader reader(value);
  uint64_t since = 0;
  if (!reader.ReadVarint(&since) || !reader.ReadString(&entity->error)) return false;
  entity->since = Position(since);
  return true;
}

}  // namespace

absl::StatusOr<std::vector<StaleEntity>> StaleEntities::Read(const VersionedFamily& rows) {
  std::vector<StaleEntity> entities;
  bool parsed = true;
  KITH_RETURN_IF_ERROR(rows.Scan(KeyRange::Prefix(kPrefix), Position(0),
                                 [&](absl::string_view key, absl::string_view value) {
                                   parsed = Parse(key, value, &entities.emplace_back());
                                   return parsed;
                                 }));
  if (!parsed) return absl::DataLossError("a stale entity does not parse");
  return entities;
}

void StaleEntities::Assign(std::vector<StaleEntity> entities) {
  MutexLock lock(mutex_);
  entities_.clear();
  for (StaleEntity& entity : entities) {
    Key key(entity.workspace, entity.stream);
    entities_.emplace(std::move(key), std::move(entity));
  }
  any_ = !entities_.empty();
}

void StaleEntities::Add(StaleEntity entity, VersionedBatch& batch) {
  batch.PutUnversioned(KeyOf(entity), ValueOf(entity));
  MutexLock lock(mutex_);
  Key key(entity.workspace, entity.stream);
  entities_.emplace(std::move(key), std::move(entity));
  any_ = true;
}

std::optional<std::string> StaleEntities::ErrorOf(const eventstore::EventHeader& header) const {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  MutexLock lock(mutex_);
  const auto found = entities_.find(Key(header.workspace, header.stream));
  // Events before the one that failed are folded again for a family that is behind.
  if (found == entities_.end() || found->second.since > header.position) return std::nullopt;
  return found->second.error;
}

size_t StaleEntities::Show(size_t shown_max, std::vector<StaleEntity>* shown) const {
  MutexLock lock(mutex_);
  for (const auto& [key, entity] : entities_) {
    if (shown->size() == shown_max) break;
    shown->push_back(entity);
  }
  return entities_.size();
}

}  // namespace kith::projections
