// Generation: the families of a view from one beginning of its fold to the next. A view whose files
// are found damaged is folded anew into another one.
//
// Shared by the view and the snapshots that read it, so that a read ends on the families it began
// on. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {

struct ViewFamilies {
  std::shared_ptr<VersionedFamily> rows;
  std::shared_ptr<IndexFamily> index;  // null where the view has no indexes
};

class Generation : public std::enable_shared_from_this<Generation> {
 public:
  // Told of damage that a read met; answers what the reader is to be told. Any thread.
  using OnDamage = std::function<absl::Status(const Generation&, const absl::Status&)>;

  explicit Generation(ViewFamilies families, Position position = Position(),
                      OnDamage on_damage = nullptr)
      : families_(std::move(families)),
        position_(position.value()),
        on_damage_(std::move(on_damage)) {}
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const ViewFamilies& families() const { return families_; }
  // Everything up to here is folded and can be read.
  Position position() const { return Position(position_.load(std::memory_order_acquire)); }
  // By the view's lane, or by the feeder while that rests. Only rises.
  void Publish(Position position) { position_.store(position.value(), std::memory_order_release); }

  // What the reader of these families is told of `status`.
  absl::Status Tell(const absl::Status& status) const {
    return absl::IsDataLoss(status) ? TellOfDamage(status) : status;
  }
  // The view is gone, and snapshots may outlive it.
  void Disown() {
    MutexLock lock(mutex_);
    on_damage_ = nullptr;
  }

 private:
  absl::Status TellOfDamage(const absl::Status& status) const {
    MutexLock lock(mutex_);
    return on_damage_ ? on_damage_(*this, status) : status;
  }

  const ViewFamilies families_;
  std::atomic<uint64_t> position_;
  mutable Mutex mutex_;
  OnDamage on_damage_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::projections
