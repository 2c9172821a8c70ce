#include "services/runtime/turns.h"

#include "gtest/gtest.h"
#include "services/runtime/call_limits.h"
#include "tests/testing/held_executor.h"

namespace kith::runtime {
namespace {

TEST(Turns, AreTakenByEachKeyAfterTheOther) {
  kith::testing::HeldExecutor executor;
  Turns turns(executor);
  const KeyUsage busy;
  const KeyUsage other;
  const KeyUsage late;
  std::string order;
  const auto run = [&](const KeyUsage& key, char name) {
    turns.Run(&key, [&order, name] { order += name; });
  };
  for (char name = 'a'; name <= 'd'; ++name) run(busy, name);
  for (char name = 'p'; name <= 'q'; ++name) run(other, name);
  run(late, 'x');
  EXPECT_EQ(turns.waiting(), 7u);
  executor.RunAll();
  EXPECT_EQ(order, "apxbqcd");
  EXPECT_EQ(turns.waiting(), 0u);
}

// A piece that asks for another turn has it after the others.
TEST(Turns, ComeBehindThoseThatWait) {
  kith::testing::HeldExecutor executor;
  Turns turns(executor);
  const KeyUsage busy;
  const KeyUsage other;
  std::string order;
  turns.Run(&busy, [&] {
    order += 'a';
    turns.Run(&busy, [&] { order += 'c'; });
  });
  turns.Run(&busy, [&] { order += 'b'; });
  turns.Run(&other, [&] { order += 'x'; });
  executor.RunAll();
  executor.RunAll();
  EXPECT_EQ(order, "axbc");
}

}  // namespace
}  // namespace kith::runtime
