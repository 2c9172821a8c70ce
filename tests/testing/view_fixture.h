// ViewFixture: a log in memory and view stores over it in folders of their own; what tests of the
// engine and of views stand on. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/view_store.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/thread_executor.h"

namespace kith::testing {

// Where and when an event is recorded, other than by default.
struct GivenOptions {
  WorkspaceId workspace{1};
  std::optional<absl::Time> occur_time;  // the clock's time when unset
  std::string actor = "users/tester";
};

class ViewFixture {
 public:
  using Projections = std::function<std::vector<std::unique_ptr<projections::Projection>>()>;

  explicit ViewFixture(Projections projections);

  template <class EventMessage>
  void Register(absl::string_view category) {
    registry_.Register<EventMessage>(category);
    prototypes_[category] = &EventMessage::default_instance();
  }
  // Appends one event of a registered category (its event message with one member set, or the
  // member alone) and moves the clock on by a second.
  Position Append(absl::string_view stream, const google::protobuf::Message& event,
                  const GivenOptions& options = {});

  // A view store in the folder `name`, which is empty the first time.
  absl::StatusOr<std::unique_ptr<projections::ViewStore>> TryOpen(absl::string_view name);
  std::unique_ptr<projections::ViewStore> Open(absl::string_view name);
  // The same over the log as it was at `position`.
  std::unique_ptr<projections::ViewStore> OpenAt(absl::string_view name, Position position);

  // Stores opened from now on meet these faults.
  void UseFaults(Faults& faults) { faults_ = &faults; }
  // Stores opened from now on read this log, in the place of the fixture's.
  void UseLog(eventstore::EventLog& log) { read_log_ = &log; }
  // Stores opened from now on unseal with these keys.
  void UseKeys(const eventstore::KeyStore& keys) { reading_keys_ = &keys; }

  eventstore::EventLog& log() { return *log_; }
  eventstore::EventRegistry& registry() { return registry_; }
  eventstore::KeyStore& keys() { return *keys_; }
  ManualClock& clock() { return clock_; }
  // What stores are opened with; the path is set by Open.
  projections::ViewStoreOptions& options() { return options_; }
  std::string PathOf(absl::string_view name) const { return folder_ / std::string(name); }

 private:
  absl::StatusOr<std::unique_ptr<projections::ViewStore>> OpenOver(eventstore::EventLog& log,
                                                                   absl::string_view name);

  TempFolder folder_;
  absl::flat_hash_map<std::string, const google::protobuf::Message*> prototypes_;  // by category
  ManualClock clock_;
  SeededRandom random_;
  ThreadExecutor executor_;
  eventstore::EventRegistry registry_;
  std::unique_ptr<eventstore::KeyStore> keys_;
  const eventstore::KeyStore* reading_keys_;
  Faults* faults_ = nullptr;
  std::unique_ptr<eventstore::EventLog> log_;
  eventstore::EventLog* read_log_;
  std::vector<std::unique_ptr<eventstore::EventLog>> shorter_logs_;
  Projections make_projections_;
  projections::ViewStoreOptions options_;
};

// Waits until the view is at `position`.
absl::Status WaitFor(projections::View& view, Position position);

}  // namespace kith::testing
