// FaultyStore: a store of views whose disk fails when a test says so. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "projections/store/versioned_store.h"

namespace kith::testing {

// What the store is about to do to a family; kWritten: what a write is told that took effect.
enum class StoreStep { kRead, kWrite, kWritten, kFlush, kCreate, kDrop };

class Faults {
 public:
  // Answers the error of a step, or OK. Cancelled of a flush: it is said to be done and is not, as
  // where a crash comes before its end. Called on any thread, one call at a time.
  using Decide = std::function<absl::Status(StoreStep step, absl::string_view family)>;

  void Set(Decide decide) {
    MutexLock lock(mutex_);
    decide_ = std::move(decide);
  }
  void Clear() { Set(nullptr); }

  absl::Status At(StoreStep step, absl::string_view family) {
    MutexLock lock(mutex_);
    return decide_ ? decide_(step, family) : absl::OkStatus();
  }

 private:
  Mutex mutex_;
  Decide decide_ KITH_GUARDED_BY(mutex_);
};

// Borrows `faults`, which outlives it and every family.
std::unique_ptr<projections::VersionedStore> NewFaultyStore(
    std::unique_ptr<projections::VersionedStore> store, Faults& faults);

}  // namespace kith::testing
