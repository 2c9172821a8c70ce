#include "services/runtime/commands/transact.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "tests/services/runtime/transact_fixture.h"

namespace kith::runtime {
namespace {

using TransactTest = TransactFixture;

TEST_F(TransactTest, AppendsFoldsAndRenders) {
  const Answer created = Create("contacts/1", "Ada");
  ASSERT_TRUE(created.status.ok()) << created.status;
  EXPECT_EQ(created.first_name, "Ada");
  EXPECT_EQ(created.events, 1u);
  EXPECT_FALSE(created.repeated);
  EXPECT_EQ(Rename("contacts/1", "Augusta").first_name, "Augusta");
  EXPECT_EQ(Events(), 2u);
}

TEST_F(TransactTest, WritesWhoWhenAndWhy) {
  Origin origin = OriginOf("id-1");
  origin.occurred = clock_.Now() - absl::Hours(5);
  origin.correlation_id = "trace";
  ASSERT_TRUE(Run(origin, [](Loader& load, const CommandContext& context) {
                EXPECT_EQ(context.now - context.occurred, absl::Hours(5));
                EXPECT_EQ(context.actor, "tester");
                return Create(load, "contacts/1", "Ada");
              }).status.ok());
  const auto record = *log_->ReadAt(Position(1), eventstore::ReadTier::kDisk);
  EXPECT_EQ(record->header.actor, "tester");
  EXPECT_EQ(record->header.occur_time, origin.occurred);
  EXPECT_EQ(record->header.record_time, clock_.Now());
  EXPECT_EQ(record->header.correlation_id, "trace");
  EXPECT_EQ(record->header.request.id, "id-1");
  EXPECT_EQ(record->sealed.size(), 1u);
}

// Goal: a decision and its events are of one time, however long the decision took, or ids that tell
// the time tell another one than the event. Method: a clock that nobody reads twice alike.
TEST_F(TransactTest, TakesTheTimeOnceForADecisionAndItsEvents) {
  Create("contacts/1", "Ada");
  clock_.TickAtEveryRead(absl::Milliseconds(1));
  absl::Time decided;
  int attempts = 0;
  ASSERT_TRUE(Run(OriginOf(), [&](Loader& load, const CommandContext& context) -> Decision {
                KITH_RETURN_IF_ERROR(load.Load<PersonAggregate>("contacts/1").status());
                if (++attempts == 1) AppendBehind("contacts/1", PersonRenamed("contacts/1", "B"));
                EXPECT_EQ(context.now, context.occurred);
                decided = context.occurred;
                return Changes().Append("contacts/1", PersonRenamed("contacts/1", "C"));
              }).status.ok());
  EXPECT_EQ(attempts, 2);
  const auto record = *log_->ReadAt(log_->head(), eventstore::ReadTier::kDisk);
  EXPECT_EQ(record->header.occur_time, decided);
  EXPECT_GE(record->header.record_time, decided);
}

// Goal: a gRPC thread folds no stream of any length, also where all of it is in memory.
TEST_F(TransactTest, FoldsALongStreamOnAPool) {
  AppendBehind("contacts/1", PersonCreated("contacts/1", "Ada"));
  for (int i = 0; i < 200; ++i) AppendBehind("contacts/1", PersonRenamed("contacts/1", "Bea"));
  std::vector<std::thread::id> threads;
  const auto rename = [&](Loader& load, const CommandContext&) -> Decision {
    threads.push_back(std::this_thread::get_id());
    KITH_RETURN_IF_ERROR(load.Load<PersonAggregate>("contacts/1").status());
    return Changes().Append("contacts/1", PersonRenamed("contacts/1", "Cia"));
  };
  ASSERT_TRUE(Run(OriginOf(), rename).status.ok());
  ASSERT_EQ(threads.size(), 2u);
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_NE(threads[1], std::this_thread::get_id());
  ASSERT_TRUE(Run(OriginOf(), rename).status.ok());
  EXPECT_EQ(threads.size(), 3u) << "what is cached is not folded again";
}

TEST_F(TransactTest, DecidesAgainWhenAnotherWriterWasFaster) {
  Create("contacts/1", "Ada");
  int attempts = 0;
  const Answer answer = Run(OriginOf(), [&](Loader& load, const CommandContext&) -> Decision {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>("contacts/1"));
    if (++attempts == 1) AppendBehind("contacts/1", PersonRenamed("contacts/1", "Bea"));
    return Changes().Append("contacts/1", PersonRenamed("contacts/1", state->first_name + "!"));
  });
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.first_name, "Bea!");
  EXPECT_EQ(attempts, 2);
}

TEST_F(TransactTest, NamesTheSameThingsWhenItDecidesAgain) {
  Create("contacts/1", "Ada");
  std::vector<std::string> drawn;
  ASSERT_TRUE(Run(OriginOf(), [&](Loader& load, const CommandContext& context) -> Decision {
                KITH_RETURN_IF_ERROR(load.Load<PersonAggregate>("contacts/1").status());
                drawn.push_back(context.ids.Next());
                if (drawn.size() == 1) AppendBehind("contacts/1", PersonRenamed("contacts/1", "B"));
                return Changes().Append("contacts/1", PersonRenamed("contacts/1", "C"));
              }).status.ok());
  ASSERT_EQ(drawn.size(), 2u);
  EXPECT_EQ(drawn[0], drawn[1]);
  EXPECT_TRUE(IsUlid(drawn[0]));
}

TEST_F(TransactTest, GivesUpAfterABoundedNumberOfConflicts) {
  Create("contacts/1", "Ada");
  int attempts = 0;
  const Answer answer = Run(OriginOf(), [&](Loader& load, const CommandContext&) -> Decision {
    KITH_RETURN_IF_ERROR(load.Load<PersonAggregate>("contacts/1").status());
    AppendBehind("contacts/1", PersonRenamed("contacts/1", absl::StrCat(++attempts)));
    return Changes().Append("contacts/1", PersonRenamed("contacts/1", "mine"));
  });
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_CONFLICT)) << answer.status;
  EXPECT_EQ(attempts, options_.attempts_max);
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(WireError(answer.status)->details(1).UnpackTo(&retry));
}

// A decision stands on every stream it loaded, also on those it does not write.
TEST_F(TransactTest, DecidesAgainWhenWhatItOnlyReadHasChanged) {
  Create("contacts/1", "Ada");
  Create("contacts/2", "Bob");
  int attempts = 0;
  const Answer answer = Run(OriginOf(), [&](Loader& load, const CommandContext&) -> Decision {
    KITH_RETURN_IF_ERROR(load.Load<PersonAggregate>("contacts/1").status());
    KITH_ASSIGN_OR_RETURN(const PersonState* bob, load.Load<PersonAggregate>("contacts/2"));
    if (++attempts == 1) AppendBehind("contacts/2", PersonDeleted("contacts/2"));
    if (!bob->exists) return Reject(type::v1::ERROR_OUT_OF_RANGE, "Bob is gone.");
    return Changes().Append("contacts/1", PersonRenamed("contacts/1", "friend of Bob"));
  });
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_OUT_OF_RANGE));
  EXPECT_EQ(Events(), 3u);
}

// Goal: many who change one stream at once all come to their change, and none is told to try again.
TEST_F(TransactTest, RacingWritersTakeTurnsAndLoseNoChange) {
  Create("contacts/1", "");
  constexpr int kWriters = 20;
  constexpr int kChanges = 50;
  std::atomic<int> done = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (int j = 0; j < kChanges; ++j) {
        const absl::Status status =
            Run(OriginOf(), [](Loader& load, const CommandContext&) -> Decision {
              KITH_ASSIGN_OR_RETURN(const PersonState* state,
                                    load.Load<PersonAggregate>("contacts/1"));
              return Changes().Append("contacts/1",
                                      PersonRenamed("contacts/1", state->first_name + "x"));
            }).status;
        EXPECT_TRUE(status.ok()) << status;
        done += status.ok();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(done, kWriters * kChanges);
  EXPECT_EQ(Events(), 1u + kWriters * kChanges);
  EXPECT_EQ((*transact_->Fold<PersonAggregate>(kWorkspace, "contacts/1"))->first_name,
            std::string(kWriters * kChanges, 'x'));
}

TEST_F(TransactTest, NeverRefusesOnAnOutdatedState) {
  Create("contacts/1", "Ada");
  AppendBehind("contacts/1", PersonDeleted("contacts/1"));
  EXPECT_TRUE(Create("contacts/1", "Bea").status.ok());
}

TEST_F(TransactTest, NeverChangesNothingOnAnOutdatedState) {
  Create("contacts/1", "Ada");
  AppendBehind("contacts/1", PersonRenamed("contacts/1", "Bea"));
  const Answer answer = Rename("contacts/1", "Ada");
  EXPECT_EQ(answer.events, 1u);
  EXPECT_EQ(answer.first_name, "Ada");
  EXPECT_EQ(Events(), 3u);
}

TEST_F(TransactTest, AnswersWhatIsSoAlreadyWithTheStateOfNow) {
  Create("contacts/1", "Ada");
  const Answer answer = Rename("contacts/1", "Ada", "id-2");
  EXPECT_TRUE(answer.status.ok());
  EXPECT_EQ(answer.first_name, "Ada");
  EXPECT_EQ(answer.events, 0u);
  EXPECT_EQ(Events(), 1u);
}

TEST_F(TransactTest, FoldsSeveralAggregatesFromOneStream) {
  Create("contacts/1", "Ada");
  EXPECT_EQ((*transact_->Fold<CountAggregate>(kWorkspace, "contacts/1"))->events, 1);
  Rename("contacts/1", "Bea");
  EXPECT_EQ((*transact_->Fold<CountAggregate>(kWorkspace, "contacts/1"))->events, 2);
  Rename("contacts/1", "Cia");
  EXPECT_EQ((*transact_->Fold<CountAggregate>(kWorkspace, "contacts/1"))->events, 3);
}

TEST_F(TransactTest, AppendsToSeveralStreamsTogetherOrNotAtAll) {
  const auto both = [](Loader& load, const CommandContext&) -> Decision {
    load.ExpectAbsent("contacts/1");
    load.ExpectAbsent("contacts/2");
    return Changes()
        .Append("contacts/1", PersonCreated("contacts/1", "Ada"))
        .Append("contacts/2", PersonCreated("contacts/2", "Bob"))
        .Append("contacts/1", PersonRenamed("contacts/1", "Bea"));
  };
  const Answer answer = Run(OriginOf(), both);
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.first_name, "Bea");
  EXPECT_EQ(answer.events, 3u);
  EXPECT_TRUE(IsError(Run(OriginOf(), both).status, type::v1::ERROR_CONFLICT));
  EXPECT_EQ(Events(), 3u);
}

TEST_F(TransactTest, LoadsFromDiskWhatIsNotInMemory) {
  Create("contacts/1", "Ada");
  Reopen();
  disk_->ForgetCache(true);
  EXPECT_EQ(Rename("contacts/1", "Bea").first_name, "Bea");
  EXPECT_FALSE(Create("contacts/1", "Cia").status.ok());
}

TEST_F(TransactTest, DoesNothingAfterTheDeadline) {
  Origin origin = OriginOf();
  origin.deadline = clock_.Elapsed();
  const Answer answer = Run(origin, [](Loader& load, const CommandContext&) {
    return Create(load, "contacts/1", "Ada");
  });
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_DEADLINE_EXCEEDED));
  EXPECT_EQ(Events(), 0u);
}

TEST_F(TransactTest, HasTheTimeItHadWhateverTheTimeOfDayIsSetTo) {
  Origin origin = OriginOf();
  origin.deadline = clock_.Elapsed() + absl::Seconds(1);
  clock_.Jump(absl::Hours(3));
  const Answer answer = Run(origin, [](Loader& load, const CommandContext&) {
    return Create(load, "contacts/1", "Ada");
  });
  EXPECT_TRUE(answer.status.ok()) << answer.status;
}

TEST_F(TransactTest, TellsObserversBeforeTheCaller) {
  std::atomic<int> told = 0;
  transact_->Observe("contacts", [&](WorkspaceId workspace, const AppendedEvent& event) {
    EXPECT_EQ(workspace, kWorkspace);
    EXPECT_EQ(event.stream, "contacts/1");
    ++told;
  });
  transact_->Observe("deals", [](WorkspaceId, const AppendedEvent&) { ADD_FAILURE(); });
  Create("contacts/1", "Ada");
  EXPECT_EQ(told, 1);
}

TEST_F(TransactTest, SaysThatTheOutcomeOfAFailedWriteIsUnknown) {
  for (const bool applied : {true, false}) {
    const std::string name = applied ? "contacts/1" : "contacts/2";
    disk_->FailNextCommit(applied);
    const Answer failed = Create(name, "Ada", name);
    EXPECT_TRUE(IsError(failed.status, type::v1::ERROR_OUTCOME_UNKNOWN)) << failed.status;
    // The log reopens its disk by itself; until then it takes nothing in.
    Answer again = Create(name, "Ada", name);
    while (IsError(again.status, type::v1::ERROR_OUTCOME_UNKNOWN)) {
      again = Create(name, "Ada", name);
    }
    ASSERT_TRUE(again.status.ok()) << again.status;
    EXPECT_EQ(again.repeated, applied);
    EXPECT_EQ(again.first_name, "Ada");
  }
  EXPECT_EQ(Events(), 2u);
}

TEST_F(TransactTest, RefusesWhatIsTooLargeToRecord) {
  const Answer answer = Create("contacts/1", std::string(2 << 20, 'x'));
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_INVALID_FIELD)) << answer.status;
}

// Uniqueness: whoever claims a value carries its tag, and appends on condition that no other did.
class UniqueNames : public TransactFixture {
 protected:
  Answer CreateUnique(absl::string_view name, absl::string_view first) {
    return Run(OriginOf(), [&](Loader& load, const CommandContext&) -> Decision {
      KITH_ASSIGN_OR_RETURN(const auto others,
                            load.LoadTagged<PersonAggregate>("test.first_name", first));
      for (const PersonState* other : others) {
        if (other->exists && other->first_name == first) {
          return Reject(type::v1::ERROR_OUT_OF_RANGE, "Taken.");
        }
      }
      load.ExpectAbsent(name);
      return Changes().Append(name, PersonCreated(name, first),
                              {{"test.first_name", std::string(first)}});
    });
  }
  eventstore::Tag TagOf(absl::string_view first) const {
    return keys_->Mac(kWorkspace, "test.first_name", first);
  }
};

// Goal: a value that was claimed and released ever so often can be claimed again. Method: more
// holders than an append may have conditions, each of whom is gone.
TEST_F(UniqueNames, DoNotWearOut) {
  constexpr int kHolders = 1'200;
  for (int i = 0; i < kHolders; ++i) {
    const std::string name = absl::StrCat("contacts/", i);
    AppendBehind(name, PersonCreated(name, "Ada"), {TagOf("Ada")});
    AppendBehind(name, PersonDeleted(name), {TagOf("Ada")});
  }
  EXPECT_TRUE(CreateUnique("contacts/new", "Ada").status.ok());
  EXPECT_TRUE(IsError(CreateUnique("contacts/newer", "Ada").status, type::v1::ERROR_OUT_OF_RANGE));
}

// What is cached of the holder is older than the event by which it claimed the value.
TEST_F(UniqueNames, AreTakenByWhoClaimedThemBehindTheCache) {
  Create("contacts/1", "Bea");
  AppendBehind("contacts/1", PersonRenamed("contacts/1", "Ada"), {TagOf("Ada")});
  EXPECT_TRUE(IsError(CreateUnique("contacts/2", "Ada").status, type::v1::ERROR_OUT_OF_RANGE));
  AppendBehind("contacts/1", PersonRenamed("contacts/1", "Cia"), {TagOf("Ada")});
  EXPECT_TRUE(CreateUnique("contacts/2", "Ada").status.ok());
}

// Goal: whoever holds a value is not told by a refusal once they are erased. Their state was cached
// before.
TEST_F(UniqueNames, AreFreeAgainWhenTheHolderIsErased) {
  ASSERT_TRUE(CreateUnique("contacts/1", "Ada").status.ok());
  ASSERT_TRUE(keys_->Destroy(kWorkspace, "contacts/1").ok());
  EXPECT_TRUE(CreateUnique("contacts/2", "Ada").status.ok());
  EXPECT_EQ((*transact_->Fold<PersonAggregate>(kWorkspace, "contacts/1"))->first_name, "");
}

// Goal: a refusal does not stand on two answers to who has a value. Method: between them somebody
// claims it.
TEST_F(UniqueNames, AreLookedForAgainWhereSomebodyClaimsThemMeanwhile) {
  const Answer answer = Run(OriginOf(), [&](Loader& load, const CommandContext&) -> Decision {
    const auto find = [&] { return load.LoadTagged<PersonAggregate>("test.first_name", "Ada"); };
    KITH_ASSIGN_OR_RETURN(const auto before, find());
    if (!before.empty()) {
      return Changes().Append("contacts/1", PersonRenamed("contacts/1", "Bea"));
    }
    AppendBehind("contacts/1", PersonCreated("contacts/1", "Ada"), {TagOf("Ada")});
    KITH_ASSIGN_OR_RETURN(const auto after, find());
    EXPECT_EQ(after.size(), 1u);
    return Reject(type::v1::ERROR_OUT_OF_RANGE, "Taken.");
  });
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.first_name, "Bea");
}

TEST_F(UniqueNames, AreTakenOnceAndFreeAgainWhenDeleted) {
  EXPECT_TRUE(CreateUnique("contacts/1", "Ada").status.ok());
  EXPECT_TRUE(IsError(CreateUnique("contacts/2", "Ada").status, type::v1::ERROR_OUT_OF_RANGE));
  EXPECT_TRUE(CreateUnique("contacts/3", "Bea").status.ok());
  Delete("contacts/1");
  EXPECT_TRUE(CreateUnique("contacts/2", "Ada").status.ok());
}

TEST_F(UniqueNames, AreWonByOneOfManyWhoRace) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> won = 0;
    std::vector<std::thread> racers;
    for (int i = 0; i < 8; ++i) {
      racers.emplace_back([&, i] {
        const Answer answer =
            CreateUnique(absl::StrCat("contacts/r", round, "-", i), absl::StrCat("round ", round));
        won += answer.status.ok();
        if (!answer.status.ok()) {
          EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_OUT_OF_RANGE)) << answer.status;
        }
      });
    }
    for (std::thread& racer : racers) racer.join();
    EXPECT_EQ(won, 1);
  }
}

}  // namespace
}  // namespace kith::runtime
