#include "services/runtime/admission/turns.h"

#include "gtest/gtest.h"
#include "services/runtime/admission/call_limits.h"
#include "services/runtime/admission/pools.h"
#include "tests/services/runtime/gate.h"

namespace kith::runtime {
namespace {

// A pool of one thread that waits until everything is asked of it.
class TurnsTest : public ::testing::Test {
 protected:
  TurnsTest() {
    gate_.Close();
    pool_.Run([this] { gate_.Pass(); });
    gate_.AwaitWaiting(1);
  }
  void Run(const KeyUsage& key, char name) {
    turns_.Run(&key, [this, name] { order_ += name; });
  }
  const std::string& Order() {
    gate_.Open();
    pool_.Stop();
    return order_;
  }

  Gate gate_;
  Pool pool_{{.threads = 1, .queue_max = 3}};
  Turns turns_{pool_};
  const KeyUsage busy_;
  const KeyUsage other_;
  const KeyUsage late_;
  std::string order_;  // of the pool's thread
};

TEST_F(TurnsTest, AreTakenByEachKeyAfterTheOther) {
  for (char name = 'a'; name <= 'd'; ++name) Run(busy_, name);
  for (char name = 'p'; name <= 'q'; ++name) Run(other_, name);
  Run(late_, 'x');
  EXPECT_EQ(turns_.waiting(), 7u);
  EXPECT_EQ(Order(), "apxbqcd");
  EXPECT_EQ(turns_.waiting(), 0u);
}

// A piece that asks for another turn has it after the others.
TEST_F(TurnsTest, ComeBehindThoseThatWait) {
  turns_.Run(&busy_, [this] {
    order_ += 'a';
    Run(busy_, 'c');
  });
  Run(busy_, 'b');
  Run(other_, 'x');
  EXPECT_EQ(Order(), "axbc");
}

TEST_F(TurnsTest, AreNotGivenWhereThePoolHasNoRoom) {
  const auto add = [this](char name) { return [this, name] { order_ += name; }; };
  EXPECT_TRUE(turns_.TryRun(&busy_, add('a')));
  EXPECT_TRUE(turns_.TryRun(&busy_, add('b')));
  EXPECT_TRUE(turns_.TryRun(&other_, add('x')));
  EXPECT_FALSE(turns_.TryRun(&other_, add('y')));
  EXPECT_EQ(turns_.waiting(), 3u);
  EXPECT_EQ(Order(), "axb");
}

}  // namespace
}  // namespace kith::runtime
