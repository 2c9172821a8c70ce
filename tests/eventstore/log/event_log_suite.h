// The conformance suite of EventLog: every test over it runs on the memory engine and on RocksDB.
// One file a subject.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "eventstore/log/engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {

// An open log. Open closes it and opens it again, as after a restart.
template <class Place>
class EventLogSuite : public ::testing::Test {
 protected:
  EventLogSuite() { Open(); }

  void Open(EventLogOptions options = {}) {
    log_.reset();
    auto engine = place_.Open();
    ASSERT_TRUE(engine.ok()) << engine.status();
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  // Appends what must succeed.
  Appended Write(Append append) {
    const auto appended = log_->AppendAndWait(std::move(append));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.value_or(Appended());
  }
  absl::StatusCode Try(Append append) {
    return log_->AppendAndWait(std::move(append)).status().code();
  }

  Place place_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  std::unique_ptr<EventLog> log_;
};

using Places = ::testing::Types<MemoryPlace, RocksPlace>;

}  // namespace kith::eventstore
