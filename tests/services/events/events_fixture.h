// What the tests of reading and following stand on: a log in memory with contacts and interactions
// of two workspaces, and the names of what was read, written down as "contacts/1@2".
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "services/runtime/reads/render_event.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/thread_executor.h"

namespace kith::events {

inline constexpr WorkspaceId kOurs{7};
inline constexpr WorkspaceId kTheirs{8};

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() {
    registry_.Register<contacts::v1::ContactEvent>("contacts");
    registry_.Register<interactions::v1::InteractionEvent>("interactions");
    registry_.Register<workspaces::v1::WorkspaceEvent>("workspaces");
    Open();
  }

  // Opens the log, again if need be, as after a restart of the server.
  void Open() {
    log_.reset();
    auto log =
        eventstore::OpenEventLog(eventstore::NewMemoryEngine(disk_), *keys_, clock_, executor_, {});
    KITH_CHECK(log.ok());
    log_ = *std::move(log);
    renderer_ = std::make_unique<runtime::EventRenderer>(*log_, registry_, *keys_);
  }

  // An empty log, with keys of its own.
  void OpenEmpty() {
    log_.reset();
    disk_ = std::make_shared<eventstore::MemoryDisk>();
    keys_ = eventstore::NewMemoryKeyStore(random_);
    Open();
  }

  static contacts::v1::ContactEvent Created(const std::string& name,
                                            const std::string& first_name = "Ada") {
    contacts::v1::ContactEvent event;
    event.mutable_contact_created()->set_name(name);
    event.mutable_contact_created()->mutable_contact()->set_company_name("Analytical Engines");
    event.mutable_contact_created()->mutable_personal()->set_first_name(first_name);
    return event;
  }
  static contacts::v1::ContactEvent Deleted(const std::string& name) {
    contacts::v1::ContactEvent event;
    event.mutable_contact_deleted()->set_name(name);
    return event;
  }

  // Appends one event; the numbers it got.
  eventstore::Appended Write(const std::string& stream, const google::protobuf::Message& event,
                             WorkspaceId workspace = kOurs, Position causation = Position()) {
    eventstore::NewEvent encoded = registry_.Encode(eventstore::CategoryOf(stream), event);
    encoded.occur_time = clock_.Now() - absl::Hours(1);
    eventstore::Append append;
    append.workspace = workspace;
    append.actor = "keys/1";
    append.correlation_id = "trace";
    append.causation = causation;
    append.streams.push_back({stream, {std::move(encoded)}});
    const auto appended = log_->AppendAndWait(std::move(append));
    KITH_CHECK(appended.ok());
    return *appended;
  }
  eventstore::Appended Create(const std::string& name, WorkspaceId workspace = kOurs) {
    return Write(name, Created(name), workspace);
  }
  eventstore::Appended Delete(const std::string& name, WorkspaceId workspace = kOurs) {
    return Write(name, Deleted(name), workspace);
  }

  std::shared_ptr<const eventstore::Record> RecordAt(Position position) {
    const auto record = log_->ReadAt(position, eventstore::ReadTier::kDisk);
    KITH_CHECK(record.ok() && *record != nullptr);
    return *record;
  }

  static std::string NameOf(const v1::Event& event) {
    return absl::StrCat(event.stream(), "@", event.revision());
  }

  testing::SeededRandom random_{1};
  std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
  testing::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  testing::ThreadExecutor executor_;
  eventstore::EventRegistry registry_;
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>();
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<runtime::EventRenderer> renderer_;
};

}  // namespace kith::events
