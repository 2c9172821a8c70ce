#include "projections/engine/view_batch.h"

#include <utility>

#include "eventstore/base/check.h"

namespace kith::projections {

ViewBatch::ViewBatch(VersionedFamily& family) : family_(family), kept_(family.NewBatch()) {}

absl::StatusOr<std::optional<std::string>> ViewBatch::Get(absl::string_view key) {
  if (const auto found = event_.find(key); found != event_.end()) return found->second;
  if (const auto found = earlier_.find(key); found != earlier_.end()) return found->second;
  auto stored = family_.Get(key, Position(position_.value() - 1), eventstore::ReadTier::kDisk);
  if (!stored.ok() && read_error_.ok()) read_error_ = stored.status();
  return stored;
}

void ViewBatch::Put(absl::string_view key, absl::string_view value) {
  KITH_CHECK(!key.empty() && key[0] != '\0');
  event_.insert_or_assign(key, std::string(value));
}

void ViewBatch::Delete(absl::string_view key) {
  KITH_CHECK(!key.empty() && key[0] != '\0');
  event_.insert_or_assign(key, std::nullopt);
}

void ViewBatch::Begin(Position position) {
  KITH_CHECK(position > position_ && event_.empty());
  position_ = position;
}

void ViewBatch::Keep() {
  for (auto& [key, value] : event_) {
    if (value.has_value()) {
      kept_->Put(key, position_, *value);
    } else {
      kept_->Delete(key, position_);
    }
    earlier_.insert_or_assign(key, std::move(value));
  }
  event_.clear();
}

void ViewBatch::Discard() { event_.clear(); }

absl::Status ViewBatch::Write() {
  KITH_CHECK(event_.empty());
  const absl::Status written = family_.Write(*kept_);
  kept_->Clear();
  earlier_.clear();
  read_error_ = absl::OkStatus();
  return written;
}

}  // namespace kith::projections
