// What every engine must give: one suite over the memory engine and RocksDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "eventstore/log/engine.h"
#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"

namespace kith::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = StreamCondition::Kind;

struct MemoryPlace {
  std::unique_ptr<Engine> Open() { return NewMemoryEngine(disk); }
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
};

template <class Place>
class EventLogConformance : public ::testing::Test {
 protected:
  EventLogConformance() { Open(); }

  void Open(EventLogOptions options = {}) {
    log_.reset();
    auto log = OpenEventLog(place_.Open(), *keys_, clock_, executor_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  Place place_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_;
  PoolExecutor executor_;
  std::unique_ptr<EventLog> log_;
};

using Places = ::testing::Types<MemoryPlace>;
TYPED_TEST_SUITE(EventLogConformance, Places);

TYPED_TEST(EventLogConformance, NumbersWhatItAppends) {
  const auto first = this->log_->AppendAndWait(AppendTo("contacts/1", 2));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->first, Position(1));
  EXPECT_EQ(first->count, 2u);
  EXPECT_EQ(first->first_sequence, Sequence(1));
  EXPECT_FALSE(first->repeated);
  const auto second = this->log_->AppendAndWait(AppendTo("contacts/2"));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->first, Position(3));
  EXPECT_EQ(this->log_->head(), Position(3));
  EXPECT_EQ(this->log_->WorkspaceHead(kWorkspace), Sequence(3));
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(1), Direction::kForwards)),
              ElementsAre("contacts/1@1", "contacts/1@2", "contacts/2@1"));
}

}  // namespace
}  // namespace kith::eventstore
