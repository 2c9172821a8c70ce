#include "services/runtime/calls/open_connections.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "gtest/gtest.h"

namespace kith::runtime {
namespace {

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

TEST(OpenConnections, AreAsManyAsMayBeAndHaveAPlaceAgainWhenOneIsClosed) {
  OpenConnections connections;
  const int first = NewSocket();
  const int second = NewSocket();
  const int third = NewSocket();
  EXPECT_TRUE(connections.Add(first, 2));
  EXPECT_TRUE(connections.Add(second, 2));
  EXPECT_FALSE(connections.Add(third, 2));
  close(first);
  EXPECT_TRUE(connections.Add(third, 2));
  const int fourth = NewSocket();
  EXPECT_FALSE(connections.Add(fourth, 2));
  connections.Remove(second);
  EXPECT_TRUE(connections.Add(fourth, 2));
  for (const int descriptor : {second, third, fourth}) close(descriptor);
}

TEST(OpenConnections, AreNoneAnyMoreWhoseNumberAFileHasTaken) {
  OpenConnections connections;
  const int first = NewSocket();
  const int second = NewSocket();
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(connections.Add(first, 1));
  ASSERT_EQ(dup2(file, first), first);
  EXPECT_TRUE(connections.Add(second, 1));
  for (const int descriptor : {first, second, file}) close(descriptor);
}

TEST(OpenConnections, AreNoneAnyMoreWhoseNumberAnotherSocketHasTaken) {
  OpenConnections connections;
  const int first = NewSocket();
  const int second = NewSocket();
  const int asked_for = NewSocket();  // as a client's is, and never added
  EXPECT_TRUE(connections.Add(first, 1));
  ASSERT_EQ(dup2(asked_for, first), first);
  EXPECT_TRUE(connections.Add(second, 1));
  for (const int descriptor : {first, second, asked_for}) close(descriptor);
}

// It looks at some for each that comes, and no more of them are kept out than there are.
TEST(OpenConnections, AreForgottenSoonHoweverManyThereWere) {
  constexpr int kMany = 600;
  OpenConnections connections;
  const int last = NewSocket();  // below all others
  std::vector<int> closed(kMany);
  for (int& descriptor : closed) {
    descriptor = NewSocket();
    ASSERT_TRUE(connections.Add(descriptor, kMany));
  }
  EXPECT_FALSE(connections.Add(last, kMany));
  close(closed.back());
  bool is_taken = false;
  for (int tries = 0; tries < kMany / 100 && !is_taken; ++tries) {
    is_taken = connections.Add(last, kMany);
  }
  EXPECT_TRUE(is_taken);
  closed.back() = last;
  for (const int descriptor : closed) close(descriptor);
}

}  // namespace
}  // namespace kith::runtime
