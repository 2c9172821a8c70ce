// AwaitThat: how tests wait for what a server does by itself.
#pragma once

#include <gtest/gtest.h>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "tests/testing/test_server.h"

namespace kith::testing {

// Until it holds, which an event in the server's log makes it. Where nothing happens for so long
// that nothing more will, however busy the machine is, the test fails, and this returns.
inline void AwaitThat(TestServer& server, absl::FunctionRef<bool()> holds) {
  auto& log = server.runtime().log;
  const auto follower = log.Follow(log.head());
  while (!holds()) {
    ASSERT_TRUE(follower->Wait(absl::Minutes(2))) << "nothing more happens";
    ASSERT_TRUE(follower->Poll(1'000).ok());
  }
}

}  // namespace kith::testing
