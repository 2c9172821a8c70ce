#include "services/runtime/commands/command_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "google/rpc/error_details.pb.h"
#include "tests/services/runtime/transact_fixture.h"

namespace kith::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Decider = std::function<Decision(Loader&, const CommandContext&)>;

// A command that is a function; its request says nothing.
class Does final : public CommandHandler {
 public:
  explicit Does(Decider decide) : decide_(std::move(decide)) {}
  Decision Run(Loader& load, const google::protobuf::Message&,
               const CommandContext& context) const override {
    return decide_(load, context);
  }
  absl::Status Render(Rendering&, const google::protobuf::Message&,
                      google::protobuf::Message*) const override {
    return absl::OkStatus();
  }

 private:
  const Decider decide_;
};

constexpr absl::string_view kFirstName = "test.first_name";

// Commands on people whose first names are unique: each claims its own.
Decider Creates(std::string name, std::string first) {
  return [=](Loader& load, const CommandContext&) -> Decision {
    KITH_ASSIGN_OR_RETURN(const auto holders, load.LoadTagged<PersonAggregate>(kFirstName, first));
    for (const PersonState* holder : holders) {
      if (holder->exists && holder->first_name == first) {
        return Reject(type::v1::ERROR_OUT_OF_RANGE, "Taken.", {{"first", first}});
      }
    }
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (state->exists) return Reject(type::v1::ERROR_OUT_OF_RANGE, "There is one.");
    return Changes().Append(name, PersonCreated(name, first), {{std::string(kFirstName), first}});
  };
}
Decider Renames(std::string name, std::string first) {
  return [=](Loader& load, const CommandContext&) -> Decision {
    KITH_ASSIGN_OR_RETURN(const auto holders, load.LoadTagged<PersonAggregate>(kFirstName, first));
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (!state->exists) return Reject(type::v1::ERROR_OUT_OF_RANGE, "There is none.");
    if (state->first_name == first) return NoChange();
    for (const PersonState* holder : holders) {
      if (holder->exists && holder->first_name == first) {
        return Reject(type::v1::ERROR_OUT_OF_RANGE, "Taken.");
      }
    }
    return Changes().Append(
        name, PersonRenamed(name, first),
        {{std::string(kFirstName), state->first_name}, {std::string(kFirstName), first}});
  };
}
Decider Deletes(std::string name) {
  return [=](Loader& load, const CommandContext&) -> Decision {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (!state->exists) return NoChange();
    return Changes().Append(name, PersonDeleted(name),
                            {{std::string(kFirstName), state->first_name}});
  };
}

class CommandListTest : public TransactFixture {
 protected:
  struct Timed {
    Decider decide;
    absl::Time occurred = absl::InfinitePast();
  };

  // All of them as one command.
  Answer RunList(const std::vector<Timed>& commands, const Origin& origin,
                 absl::string_view stream = "contacts/1") {
    std::vector<Does> handlers;
    for (const Timed& command : commands) handlers.emplace_back(command.decide);
    std::vector<ListedCommand> list;
    for (size_t i = 0; i < commands.size(); ++i) {
      list.push_back(
          {&handlers[i], &contacts::v1::Contact::default_instance(), commands[i].occurred});
    }
    return Run(
        origin,
        [&](Loader& load, const CommandContext& context) {
          return DecideInOrder(list, load, context);
        },
        stream);
  }
  Answer RunList(const std::vector<Timed>& commands) { return RunList(commands, OriginOf()); }

  // The etag and first name of each that is there: "3 Ada".
  std::string Now(absl::string_view name) {
    const auto state = transact_->Fold<PersonAggregate>(kWorkspace, name);
    KITH_CHECK(state.ok());
    return (*state)->exists ? absl::StrCat((*state)->etag, " ", (*state)->first_name) : "";
  }
  eventstore::EventHeader HeaderAt(uint64_t position) {
    return (*log_->ReadAt(Position(position), eventstore::ReadTier::kDisk))->header;
  }
};

TEST_F(CommandListTest, DecidesEachOnWhatTheEarlierOnesMade) {
  const Answer answer = RunList({{Creates("contacts/1", "Ada")},
                                 {Renames("contacts/1", "Bea")},
                                 {Creates("contacts/2", "Ada")},
                                 {Deletes("contacts/1")},
                                 {Creates("contacts/3", "Bea")}});
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(Now("contacts/1"), "");
  EXPECT_EQ(Now("contacts/2"), "1 Ada");
  EXPECT_EQ(Now("contacts/3"), "1 Bea");
  EXPECT_EQ(answer.events, 5u);
  EXPECT_EQ(HeaderAt(5).append_first, Position(1)) << "it is one append";
}

TEST_F(CommandListTest, TakesAValueThatAnEarlierOneClaimed) {
  Create("contacts/9", "Zoe");
  const Answer answer = RunList({{Creates("contacts/1", "Ada")}, {Creates("contacts/2", "Ada")}});
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_OUT_OF_RANGE)) << answer.status;
  EXPECT_EQ(Events(), 1u) << "it is all of them or none";
}

// The one that releases a value held it before the list, by an event that carries the tag.
TEST_F(CommandListTest, GivesAwayAValueThatAnEarlierOneReleased) {
  ASSERT_TRUE(RunList({{Creates("contacts/1", "Ada")}}).status.ok());
  EXPECT_FALSE(RunList({{Creates("contacts/2", "Ada")}}).status.ok());
  ASSERT_TRUE(
      RunList({{Renames("contacts/1", "Bea")}, {Creates("contacts/2", "Ada")}}).status.ok());
  EXPECT_EQ(Now("contacts/1"), "2 Bea");
  EXPECT_EQ(Now("contacts/2"), "1 Ada");
}

TEST_F(CommandListTest, SaysWhichOneIsRefused) {
  const Answer answer = RunList({{Creates("contacts/1", "Ada")},
                                 {Renames("contacts/1", "Bea")},
                                 {Creates("contacts/2", "Bea")}});
  const auto wire = WireError(answer.status);
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(wire->message(), "requests[2]: Taken.");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire->details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "OUT_OF_RANGE");
  EXPECT_EQ(info.metadata().at("first"), "Bea");
  google::rpc::BadRequest violations;
  ASSERT_TRUE(wire->details(1).UnpackTo(&violations));
  EXPECT_EQ(violations.field_violations(0).field(), "requests[2]");
}

TEST_F(CommandListTest, NamesFieldsOfItsRequestInARefusal) {
  google::rpc::BadRequest violations;
  AddViolation("contact.emails[0].address", "is no address", violations);
  AddViolation("", "is cut short", violations);
  const auto told = WireError(ItemError(
      Error(type::v1::ERROR_INVALID_FIELD, "Invalid.", {{"field", "contact.owner"}}, violations),
      7));
  ASSERT_TRUE(told.has_value());
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(told->details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("field"), "requests[7].contact.owner");
  ASSERT_EQ(told->details_size(), 2);
  ASSERT_TRUE(told->details(1).UnpackTo(&violations));
  EXPECT_EQ(violations.field_violations(0).field(), "requests[7].contact.emails[0].address");
  EXPECT_EQ(violations.field_violations(1).field(), "requests[7]");
  EXPECT_EQ(ItemError(absl::UnavailableError("x"), 7), absl::UnavailableError("x"));
}

TEST_F(CommandListTest, IsNothingWhereNoneChangesAnything) {
  Create("contacts/1", "Ada");
  const Answer answer = RunList({{Renames("contacts/1", "Ada")}, {Deletes("contacts/2")}});
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events, 0u);
  EXPECT_EQ(answer.first_name, "Ada");
  EXPECT_EQ(Events(), 1u);
}

TEST_F(CommandListTest, RecordsEachAtItsOwnTime) {
  const absl::Time then = clock_.Now() - absl::Hours(24);
  std::vector<std::pair<absl::Time, bool>> told;
  const Decider renames = [&](Loader& load, const CommandContext& context) {
    told.emplace_back(context.occurred, context.occurred_is_said);
    return Renames("contacts/1", "Bea")(load, context);
  };
  const Decider put_off = [&](Loader&, const CommandContext&) -> Decision {
    return Changes()
        .Append("contacts/2", PersonCreated("contacts/2", "Cia"))
        .OccurredAt(then + absl::Hours(1));
  };
  ASSERT_TRUE(RunList({{Creates("contacts/1", "Ada"), then}, {renames}, {put_off}}).status.ok());
  EXPECT_EQ(HeaderAt(1).occur_time, then);
  EXPECT_EQ(HeaderAt(2).occur_time, clock_.Now());
  EXPECT_EQ(HeaderAt(3).occur_time, then + absl::Hours(1));
  EXPECT_EQ(told.back(), std::make_pair(clock_.Now(), false));
}

TEST_F(CommandListTest, AnswersARepeatAsTheFirstTime) {
  const std::vector<Timed> list = {{Creates("contacts/1", "Ada")}, {Renames("contacts/1", "Bea")}};
  ASSERT_TRUE(RunList(list, OriginOf("id-1")).status.ok());
  Rename("contacts/1", "Cia");
  const Answer again = RunList(list, OriginOf("id-1"));
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.first_name, "Bea");
  EXPECT_EQ(again.events, 2u);
  EXPECT_EQ(Events(), 3u);
}

// Goal: nobody's change comes between two commands of a list. Method: another writer changes what
// the first one stood on while the second one is decided.
TEST_F(CommandListTest, DecidesAllOfThemAgainWhenAnotherWriterWasFaster) {
  Create("contacts/1", "Ada");
  int attempts = 0;
  const Decider meanwhile = [&](Loader& load, const CommandContext& context) -> Decision {
    if (++attempts == 1) AppendBehind("contacts/1", PersonDeleted("contacts/1"));
    return Creates("contacts/2", "Cia")(load, context);
  };
  const Answer answer = RunList({{Renames("contacts/1", "Bea")}, {meanwhile}});
  EXPECT_TRUE(IsError(answer.status, type::v1::ERROR_OUT_OF_RANGE)) << answer.status;
  EXPECT_EQ(Now("contacts/2"), "");
}

TEST_F(CommandListTest, FoldsEveryAggregateOfAStream) {
  Create("contacts/1", "Ada");
  std::vector<int> counted;
  std::vector<std::string> etags;
  const Decider looks = [&](Loader& load, const CommandContext&) -> Decision {
    KITH_ASSIGN_OR_RETURN(const CountState* count, load.Load<CountAggregate>("contacts/1"));
    KITH_ASSIGN_OR_RETURN(const PersonState* person, load.Load<PersonAggregate>("contacts/1"));
    counted.push_back(count->events);
    etags.push_back(person->etag);
    return NoChange();
  };
  ASSERT_TRUE(RunList({{looks},
                       {Renames("contacts/1", "Bea")},
                       {looks},
                       {Renames("contacts/1", "Cia")},
                       {looks}})
                  .status.ok());
  ASSERT_GE(counted.size(), 3u);  // those of the last attempt count
  EXPECT_THAT(std::vector<int>(counted.end() - 3, counted.end()), ElementsAre(1, 2, 3));
  EXPECT_THAT(std::vector<std::string>(etags.end() - 3, etags.end()), ElementsAre("1", "2", "3"));
  EXPECT_EQ(Now("contacts/1"), "3 Cia");
}

TEST_F(CommandListTest, ExpectsWhatAnEarlierOneCreates) {
  const Decider expects = [](Loader& load, const CommandContext&) -> Decision {
    load.ExpectExists("contacts/1");
    return Changes().Append("contacts/2", PersonCreated("contacts/2", "Bea"));
  };
  EXPECT_TRUE(RunList({{Creates("contacts/1", "Ada")}, {expects}}).status.ok());
  EXPECT_EQ(Now("contacts/2"), "1 Bea");
}

// Goal: a list does what its commands do one after another with nobody between. Method: random
// histories, once in lists and once alone, in two logs; a refused list must have done nothing, and
// its first command that is refused must be the first that is refused alone.
class ListsAndSingles {
 public:
  class Side : public CommandListTest {
   public:
    using CommandListTest::Now;
    using CommandListTest::RunList;
    using CommandListTest::Timed;
    void TestBody() override {}
    uint64_t Count() const { return Events(); }
    std::string HeadersOf(const std::string& stream) {
      std::string headers;
      const auto cursor =
          log_->ReadStream(kWorkspace, stream, Revision(1), eventstore::Direction::kForwards,
                           eventstore::ReadTier::kDisk);
      for (auto record = *cursor->Next(); record != nullptr; record = *cursor->Next()) {
        absl::StrAppend(&headers, record->header.revision.value(), ":", record->header.type.value(),
                        " ");
      }
      return headers;
    }
  };

  explicit ListsAndSingles(uint32_t seed) : random_(seed) {}

  void Run() {
    for (int round = 0; round < 12; ++round) {
      std::vector<Side::Timed> list;
      const int size = Pick(7) + 1;
      for (int i = 0; i < size; ++i) list.push_back({Any()});
      const uint64_t before = lists_.Count();
      const absl::Status together = lists_.RunList(list).status;
      absl::Status alone;
      size_t done = 0;
      for (; done < list.size() && alone.ok(); ++done) {
        alone = singles_.RunList({list[done]}).status;
      }
      ASSERT_EQ(together.ok(), alone.ok()) << together << " and " << alone;
      if (!together.ok()) {  // the singles have gone further: this history ends
        EXPECT_EQ(lists_.Count(), before);
        EXPECT_THAT(std::string(together.message()),
                    ::testing::StartsWith(absl::StrCat("requests[", done - 1, "]: ")));
        return;
      }
      ++compared;
      for (const std::string& name : kNames) {
        ASSERT_EQ(lists_.Now(name), singles_.Now(name)) << name;
        ASSERT_EQ(lists_.HeadersOf(name), singles_.HeadersOf(name)) << name;
      }
    }
  }

  int compared = 0;  // lists that were not refused

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }
  Decider Any() {
    const std::string name = kNames[static_cast<size_t>(Pick(4))];
    const std::string first = absl::StrCat("first-", Pick(6));
    const Decider decide = std::vector<Decider>{Creates(name, first), Renames(name, first),
                                                Deletes(name)}[static_cast<size_t>(Pick(3))];
    if (Pick(20) == 0) return decide;
    // Where most commands could be refused, few lists would do anything.
    return [decide](Loader& load, const CommandContext& context) -> Decision {
      Decision decision = decide(load, context);
      return IsError(decision.status(), type::v1::ERROR_OUT_OF_RANGE) ? NoChange()
                                                                      : std::move(decision);
    };
  }

  const std::vector<std::string> kNames = {"contacts/1", "contacts/2", "contacts/3", "contacts/4"};
  std::mt19937 random_;
  Side lists_;
  Side singles_;
};

TEST(CommandLists, DoWhatTheirCommandsDoOneAfterAnother) {
  int compared = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    ListsAndSingles histories(seed);
    histories.Run();
    if (::testing::Test::HasFatalFailure()) return;
    compared += histories.compared;
  }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace kith::runtime
