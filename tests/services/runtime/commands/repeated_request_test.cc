// What becomes of a request that is sent again with its id: the promise of Transact.

#include <thread>

#include "gtest/gtest.h"
#include "tests/services/runtime/transact_fixture.h"

namespace kith::runtime {
namespace {

using RepeatedRequest = TransactFixture;

TEST_F(RepeatedRequest, IsAnsweredAsItWasThen) {
  Create("contacts/1", "Ada", "id-1");
  Rename("contacts/1", "Bea", "id-2");
  const Answer repeated = Create("contacts/1", "Ada", "id-1");
  ASSERT_TRUE(repeated.status.ok()) << repeated.status;
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.first_name, "Ada");
  EXPECT_EQ(repeated.events, 1u);
  EXPECT_EQ(Events(), 2u);
}

TEST_F(RepeatedRequest, IsRecognisedWhereDecidingAnewWouldChangeNothing) {
  Create("contacts/1", "Ada");
  Rename("contacts/1", "Bea", "id-1");
  const Answer repeated = Rename("contacts/1", "Bea", "id-1");
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.events, 1u);
}

TEST_F(RepeatedRequest, IsRecognisedWhereDecidingAnewWouldChangeMore) {
  Create("contacts/1", "Ada");
  Rename("contacts/1", "Bea", "id-1");
  Rename("contacts/1", "Cia", "id-2");
  const Answer repeated = Rename("contacts/1", "Bea", "id-1");
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.first_name, "Bea");
  EXPECT_EQ((*transact_->Fold<PersonAggregate>(kWorkspace, "contacts/1"))->first_name, "Cia");
}

TEST_F(RepeatedRequest, IsRecognisedAfterARestart) {
  Create("contacts/1", "Ada", "id-1");
  Rename("contacts/1", "Bea");
  Reopen();
  disk_->ForgetCache(true);
  const Answer repeated = Create("contacts/1", "Ada", "id-1");
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.first_name, "Ada");
  EXPECT_EQ(Events(), 2u);
}

TEST_F(RepeatedRequest, IsRecognisedWhileTheFirstIsInFlight) {
  Answer first;
  Answer twin;
  disk_->HoldCommits();
  std::thread one([&] { first = Create("contacts/1", "Ada", "id-1"); });
  disk_->WaitUntilHeld();
  std::thread two([&] { twin = Create("contacts/1", "Ada", "id-1"); });
  disk_->ReleaseCommits();
  one.join();
  two.join();
  EXPECT_TRUE(first.status.ok()) << first.status;
  EXPECT_TRUE(twin.status.ok()) << twin.status;
  EXPECT_TRUE(twin.repeated);
  EXPECT_EQ(twin.first_name, "Ada");
  EXPECT_EQ(Events(), 1u);
}

// Goal: a repeat that is refused while the first is on disk, but not published, is not answered
// from events that nobody can read yet.
TEST_F(RepeatedRequest, IsNotAnsweredFromWhatIsNotPublishedYet) {
  Answer first;
  disk_->HoldCommits(true);
  std::thread one([&] { first = Create("contacts/1", "Ada", "id-1"); });
  disk_->WaitUntilHeld();
  const Answer twin = Run(OriginOf("id-1", "create contacts/1 Ada"),
                          [](Loader&, const CommandContext&) -> Decision {
                            return Reject(type::v1::ERROR_OUT_OF_RANGE, "Not now.");
                          });
  EXPECT_TRUE(IsError(twin.status, type::v1::ERROR_OUT_OF_RANGE)) << twin.status;
  disk_->ReleaseCommits();
  one.join();
  EXPECT_TRUE(first.status.ok()) << first.status;
  EXPECT_TRUE(Create("contacts/1", "Ada", "id-1").repeated);
}

// Whichever way the twins interleave: one appends, all are told the same.
TEST_F(RepeatedRequest, TakesEffectOnceAmongManyTwins) {
  for (int round = 0; round < 20; ++round) {
    const std::string name = absl::StrCat("contacts/", round);
    std::atomic<int> first = 0;
    std::vector<std::thread> twins;
    for (int i = 0; i < 6; ++i) {
      twins.emplace_back([&] {
        const Answer answer = Create(name, "Ada", name);
        EXPECT_TRUE(answer.status.ok()) << answer.status;
        EXPECT_EQ(answer.first_name, "Ada");
        first += !answer.repeated;
      });
    }
    for (std::thread& twin : twins) twin.join();
    EXPECT_EQ(first, 1);
  }
  EXPECT_EQ(Events(), 20u);
}

TEST_F(RepeatedRequest, WithOtherContentIsRefused) {
  Create("contacts/1", "Ada", "id-1");
  for (const char* first : {"Bea", ""}) {
    const Answer other = Create("contacts/1", first, "id-1");
    EXPECT_TRUE(IsError(other.status, type::v1::ERROR_REQUEST_ID_REUSED));
  }
  // Also where the other request could be decided.
  const Answer other = Rename("contacts/1", "Bea", "id-1");
  EXPECT_TRUE(IsError(other.status, type::v1::ERROR_REQUEST_ID_REUSED)) << other.status;
  EXPECT_EQ(Events(), 1u);
}

TEST_F(RepeatedRequest, ThatWasRefusedIsDecidedAnew) {
  EXPECT_FALSE(Rename("contacts/1", "Bea", "id-1").status.ok());
  Create("contacts/1", "Ada");
  const Answer again = Rename("contacts/1", "Bea", "id-1");
  EXPECT_TRUE(again.status.ok());
  EXPECT_FALSE(again.repeated);
  EXPECT_EQ(again.first_name, "Bea");
}

TEST_F(RepeatedRequest, WithoutAnIdIsAnotherRequest) {
  Create("contacts/1", "Ada");
  EXPECT_FALSE(Create("contacts/1", "Ada").status.ok());
}

TEST_F(RepeatedRequest, TellsASecretOnce) {
  const auto decide = [](Loader& load, const CommandContext& context) -> Decision {
    load.ExpectAbsent("contacts/1");
    return Changes()
        .Append("contacts/1", PersonCreated("contacts/1", "Ada"))
        .WithSecret(context.ids.NextSecret());
  };
  const Answer first = Run(OriginOf("id-1"), decide);
  EXPECT_EQ(first.secret.size(), 32u);
  EXPECT_EQ(Run(OriginOf("id-1"), decide).secret, "");
}

TEST_F(RepeatedRequest, ReadsAsErasedWhatWasErased) {
  Create("contacts/1", "Ada", "id-1");
  ASSERT_TRUE(keys_->Destroy(kWorkspace, "contacts/1").ok());
  const Answer repeated = Create("contacts/1", "Ada", "id-1");
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.first_name, "");
}

}  // namespace
}  // namespace kith::runtime
