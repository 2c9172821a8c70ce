// ViewStore: every read model of the process, kept in data/views and fed from the log.
//
// One RocksDB database without a write-ahead log: what a crash loses is folded again from the log,
// each view from its own checkpoint. Everything in it can be rebuilt: a view whose files turn out
// to be damaged is, by itself, and so is a directory that cannot be opened for damage. One thread
// (the feeder) follows the log and decodes each event once for the views that are near its head.
// Views are folded by tasks on as many threads as there are cores, and read by themselves what they
// lack; a view and those that are based on it are folded together. While the log takes no writes,
// for want of room, nothing is flushed. FORMAT.md, section data/views.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/projection.h"
#include "projections/engine/view.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {

struct ViewStoreOptions {
  std::string path;                     // the directory; created when missing
  const Clock* clock = &SystemClock();  // of which only Elapsed; outlives the store
  absl::Duration flush_interval =
      absl::Seconds(60);                // a view is written to disk at most this late …
  uint64_t flush_positions = 250'000;   // … and at most this many positions late
  size_t cache_bytes = 128 << 20;       // blocks, indexes and bloom filters of all views
  size_t memtable_bytes = 64 << 20;     // unwritten rows of all views
  size_t sorted_batch_bytes = 1 << 20;  // as VersionedStoreOptions has it
  size_t build_bytes = 64 << 20;   // gathered by views that are being built, before it is written
  size_t queue_events = 8192;      // decoded events waiting for one lane of views
  uint64_t near_positions = 4096;  // a view that lacks more than this is being built
  absl::Duration late_after =
      absl::Seconds(30);  // a view that is live is late when it lacks what the log has had so long
  // Told what the operator should hear of, on a thread of the store's, one call at a time for a
  // view: it must not wait for anything. May be null.
  std::function<void(const ViewNotice&)> notice;
  bool flush_on_close = true;  // false: closing loses what a crash would lose (tests)
  bool manual_ticks = false;   // true: time passes only in Tick (tests)
};

// Thread-safe but for the destructor.
class ViewStore {
 public:
  // Opens or creates the directory, drops what belongs to no projection or to another version of
  // it, and starts folding every view from its checkpoint. `executor` runs the continuations of
  // waits. All that is borrowed outlives the store.
  // What is damaged is built anew, also where that is the whole directory. Errors:
  //   FailedPrecondition  the directory is in use by another process, or holds another log's views
  //   Unavailable         its disk fails
  static absl::StatusOr<std::unique_ptr<ViewStore>> Open(
      const ViewStoreOptions& options, eventstore::EventLog& log,
      const eventstore::EventRegistry& registry, const eventstore::KeyStore& keys,
      Executor& executor, std::vector<std::unique_ptr<Projection>> projections);
  // The same over a store that is open; `options.path` is used in messages only.
  static absl::StatusOr<std::unique_ptr<ViewStore>> OpenOver(
      std::unique_ptr<VersionedStore> store, const ViewStoreOptions& options,
      eventstore::EventLog& log, const eventstore::EventRegistry& registry,
      const eventstore::KeyStore& keys, Executor& executor,
      std::vector<std::unique_ptr<Projection>> projections);
  // Ends the folds, answers every wait with Unavailable, lets reads in progress end, and closes
  // the database.
  virtual ~ViewStore() = default;

  // Aborts when no projection has this name: views are wired when the process starts.
  virtual View& Find(absl::string_view name) = 0;
  virtual std::vector<ViewHealth> Health() const = 0;

  // What the passing of time does: ends the waits whose deadline has passed and flushes the views
  // that are due. Runs by itself unless options.manual_ticks.
  virtual void Tick() = 0;
};

}  // namespace kith::projections
