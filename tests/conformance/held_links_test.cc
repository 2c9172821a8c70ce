// What links promise that have a say when the record they name is deleted, whatever the resource:
// no resource that is there names one that is not.
#include <gmock/gmock.h>

#include <barrier>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HeldLinks : public ConformanceTest {
 protected:
  // Each link that does this, with a record that it may name.
  void ForEach(options::v1::OnDelete on_delete,
               const std::function<void(const HeldLink&, const std::string& record)>& test) {
    for (const HeldLink& link : kind().type->rules->held_links) {
      if (link.on_delete != on_delete) continue;
      SCOPED_TRACE(link.field->name());
      linked_ = KindOf(RulesOf(*link.field).resource(0));
      ASSERT_TRUE(linked_ != nullptr && linked_->remove != nullptr && linked_->undelete != nullptr);
      test(link, RecordIn(link, *world.Sample(0)));
      first_ += 1000;
    }
  }
  // A resource that names the record. Numbers count for each link anew.
  MessagePtr Naming(const HeldLink& link, const std::string& record, int number) {
    const MessagePtr resource = world.Unlinked(first_ + number);
    SetRecord(link, record, *resource);
    return resource;
  }
  static std::vector<std::string> RecordsIn(const HeldLink& link, const Message& resource) {
    const std::vector<absl::string_view> records = link.RecordsIn(resource);
    return {records.begin(), records.end()};
  }
  // The first that it names; "" where it names none.
  static std::string RecordIn(const HeldLink& link, const Message& resource) {
    const std::vector<std::string> records = RecordsIn(link, resource);
    return records.empty() ? "" : records.front();
  }
  static void SetRecord(const HeldLink& link, const std::string& record, Message& resource) {
    if (!link.field->is_repeated()) return SetText(resource, link.field->name(), record);
    resource.GetReflection()->ClearField(&resource, link.field);
    if (!record.empty()) resource.GetReflection()->AddString(&resource, link.field, record);
  }
  std::string CreateNaming(const HeldLink& link, const std::string& record, int number) {
    const Answer made = world.Create(*Naming(link, record, number));
    EXPECT_EQ(made.reason(), "");
    return TextOf(*made.response, "name");
  }
  // One as it was recorded before its link was claimed.
  std::string RecordUnclaimed(const HeldLink& link, const std::string& record, int number) {
    const MessagePtr resource = world.Create(*Naming(link, record, number)).response;
    const std::string name =
        absl::StrCat(kind().type->rules->category, "/01J0000000000000000000", 1000 + number);
    ClearOutputOnly(resource.get());
    ClearField(*resource, "etag");
    runtime::Origin origin;
    origin.caller = std::make_shared<runtime::Caller>(runtime::Caller{
        world.server.workspace(), "tester", runtime::Grants(), std::make_shared<Settings>()});
    EXPECT_TRUE(world.server.runtime()
                    .transact
                    .RunAndWait(origin, world.server.workspace(),
                                [&](runtime::Loader&, const CommandContext&) -> Decision {
                                  std::unique_ptr<Message> event(kind().type->rules->event->New());
                                  const MessagePtr values = CopyOf(*resource);
                                  WriteCreated(name, *values, *event);
                                  return Changes().Add({name, std::move(event), {}});
                                })
                    .ok());
    return name;
  }
  Answer DeleteRecord(const std::string& record) {
    return world.Call(*linked_->remove, *world.Naming(*linked_->remove, record));
  }
  Answer UndeleteRecord(const std::string& record) {
    return world.Call(*linked_->undelete, *world.Naming(*linked_->undelete, record));
  }
  bool IsThere(const std::string& record) {
    return world.Call(*linked_->get, *world.Naming(*linked_->get, record)).ok();
  }
  std::string RecordOf(const HeldLink& link, const std::string& name) {
    return RecordIn(link, *world.Get(name).response);
  }
  std::string EtagOf(const std::string& name) { return TextOf(*world.Get(name).response, "etag"); }
  void ExpectStillLinked(const Answer& refused, const std::string& record, int count,
                         const std::string& first) {
    EXPECT_EQ(refused.reason(), "STILL_LINKED");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(refused.metadata("name"), record);
    EXPECT_EQ(refused.metadata("at_least"), absl::StrCat(count));
    EXPECT_THAT(refused.metadata("records"), ::testing::HasSubstr(first));
    EXPECT_EQ(refused.detail<google::rpc::PreconditionFailure>().violations_size(),
              std::min(count, 10));
    EXPECT_TRUE(IsThere(record));
  }

  const Kind* linked_ = nullptr;  // what the link names
  int first_ = 0;                 // of the numbers
};
INSTANTIATE_TEST_SUITE_P(All, HeldLinks, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.create != nullptr && !kind.type->rules->held_links.empty();
                         })),
                         NameOfKind);

TEST_P(HeldLinks, ThatRefuseKeepTheRecordWhileTheyNameIt) {
  ForEach(options::v1::ON_DELETE_REFUSE, [&](const HeldLink& link, const std::string& record) {
    const std::string first = CreateNaming(link, record, 10);
    ExpectStillLinked(DeleteRecord(record), record, 1, first);
    const std::string second = CreateNaming(link, record, 11);
    ExpectStillLinked(DeleteRecord(record), record, 2, second);
    ASSERT_EQ(world.Delete(first).reason(), "");
    ExpectStillLinked(DeleteRecord(record), record, 1, second);
    ASSERT_EQ(world.Delete(second).reason(), "");
    EXPECT_EQ(DeleteRecord(record).reason(), "");
    EXPECT_FALSE(IsThere(record));
    EXPECT_EQ(world.Create(*Naming(link, record, 12)).status.error_code(),
              grpc::StatusCode::NOT_FOUND);
  });
}

TEST_P(HeldLinks, ThatRefuseComeBackOnlyToARecordThatIsThere) {
  KITH_NEEDS(kind().undelete);
  ForEach(options::v1::ON_DELETE_REFUSE, [&](const HeldLink& link, const std::string& record) {
    const std::string name = CreateNaming(link, record, 10);
    ASSERT_EQ(world.Delete(name).reason(), "");
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    const Answer refused = world.Undelete(name);
    EXPECT_EQ(refused.reason(), "LINKED_RECORD_DELETED");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(refused.metadata("name"), name);
    EXPECT_EQ(refused.metadata("field"), link.field->name());
    EXPECT_EQ(refused.metadata("record"), record);
    EXPECT_THAT(refused.status.error_message(),
                AllOf(HasSubstr(link.field->name()), HasSubstr(record), HasSubstr("Undelete")));
    const auto failure = refused.detail<google::rpc::PreconditionFailure>();
    ASSERT_EQ(failure.violations_size(), 1);
    EXPECT_EQ(failure.violations(0).subject(), record);
    EXPECT_EQ(world.Get(name).reason(), kind().NotFound());
    ASSERT_EQ(UndeleteRecord(record).reason(), "");
    EXPECT_EQ(world.Undelete(name).reason(), "");
    ExpectStillLinked(DeleteRecord(record), record, 1, name);
  });
}

TEST_P(HeldLinks, ThatRefuseTellAFewOfMany) {
  ForEach(options::v1::ON_DELETE_REFUSE, [&](const HeldLink& link, const std::string& record) {
    std::string last;
    for (int i = 0; i < 12; ++i) last = CreateNaming(link, record, 10 + i);
    const Answer refused = DeleteRecord(record);
    EXPECT_EQ(refused.metadata("at_least"), "12");
    EXPECT_EQ(refused.detail<google::rpc::PreconditionFailure>().violations_size(), 10);
  });
}

TEST_P(HeldLinks, ThatAreClearedAreEmptyWhenTheRecordIsGone) {
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string& record) {
    const std::string first = CreateNaming(link, record, 10);
    const std::string second = CreateNaming(link, record, 11);
    const std::string other = CreateNaming(link, RecordIn(link, *world.Sample(1)), 12);
    const std::string before = world.Get(first).token;
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    for (const std::string& name : {first, second}) {
      EXPECT_EQ(RecordOf(link, name), "");
      EXPECT_EQ(EtagOf(name), "2");
    }
    EXPECT_EQ(EtagOf(other), "1");
    EXPECT_EQ(RecordIn(link, *world.Get(first, absl::StrCat("token: '", before, "'")).response),
              record);
    ASSERT_EQ(UndeleteRecord(record).reason(), "");
    EXPECT_EQ(RecordOf(link, first), "") << "what was emptied stays so";
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    EXPECT_EQ(EtagOf(first), "2");
  });
}

TEST_P(HeldLinks, ThatAreListsLoseOneNameAndKeepTheOthers) {
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string& record) {
    if (!link.field->is_repeated()) return;
    const std::string other = RecordIn(link, *world.Sample(1));
    ASSERT_NE(other, record);
    const MessagePtr resource = Naming(link, record, 10);
    resource->GetReflection()->AddString(resource.get(), link.field, other);
    const std::string name = TextOf(*world.Create(*resource).response, "name");
    const auto records = [&] { return RecordsIn(link, *world.Get(name).response); };
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    EXPECT_THAT(records(), ElementsAre(other));
    ASSERT_EQ(world.Delete(name).reason(), "");
    ASSERT_EQ(DeleteRecord(other).reason(), "");
    ASSERT_EQ(world.Undelete(name).reason(), "");
    EXPECT_THAT(records(), IsEmpty());
  });
}

TEST_P(HeldLinks, ThatAreClearedAreEmptyWhenTheirOwnResourceComesBackLater) {
  KITH_NEEDS(kind().undelete);
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string& record) {
    const std::string name = CreateNaming(link, record, 10);
    ASSERT_EQ(world.Delete(name).reason(), "");
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    const Answer back = world.Undelete(name);
    ASSERT_EQ(back.reason(), "");
    EXPECT_EQ(RecordIn(link, *back.response), "");
    EXPECT_EQ(world.BytesAs(*world.Get(name).response, *back.response),
              world.Bytes(*back.response));
    ASSERT_EQ(world.Delete(name).reason(), "");
    ASSERT_EQ(UndeleteRecord(record).reason(), "");
    EXPECT_EQ(RecordIn(link, *world.Undelete(name).response), "");
  });
}

TEST_P(HeldLinks, ThatAreClearedAreSoOfAHundredAtMost) {
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string& record) {
    std::vector<std::string> names;
    for (int i = 0; i < 101; ++i) names.push_back(CreateNaming(link, record, 10 + i));
    const Answer refused = DeleteRecord(record);
    EXPECT_EQ(refused.reason(), "LINKED_BY_MANY");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(refused.metadata("at_least"), "101");
    EXPECT_EQ(refused.detail<google::rpc::PreconditionFailure>().violations_size(), 10);
    EXPECT_TRUE(IsThere(record));
    EXPECT_EQ(RecordOf(link, names[0]), record);
    ASSERT_EQ(world.Delete(names[100]).reason(), "");
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    for (int i = 0; i < 100; ++i) EXPECT_EQ(RecordOf(link, names[static_cast<size_t>(i)]), "");
  });
}

TEST_P(HeldLinks, MayNameTheResourceThatTheyAreOf) {
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string&) {
    if (linked_ != &kind() || RulesOf(*link.field).acyclic()) return;
    const std::string name = CreateNaming(link, "", 10);
    const MessagePtr own = Naming(link, name, 10);
    SetText(*own, "name", name);
    ASSERT_EQ(world.Update(*own, {link.field->name()}).reason(), "");
    ASSERT_EQ(world.Delete(name).reason(), "");
    EXPECT_EQ(RecordIn(link, *world.Undelete(name).response), name);
    EXPECT_EQ(EtagOf(name), "4");
  });
}

// Goal: what was recorded before a link was claimed counts as any other. Method: a record without
// claims, and a server that is started over it.
TEST_P(HeldLinks, AreFoundOfWhatWasRecordedWithoutClaims) {
  ForEach(options::v1::ON_DELETE_REFUSE, [&](const HeldLink& link, const std::string& record) {
    const std::string old = RecordUnclaimed(link, record, 10);
    world.server.Restart();
    ExpectStillLinked(DeleteRecord(record), record, 2, old);
  });
  ForEach(options::v1::ON_DELETE_CLEAR, [&](const HeldLink& link, const std::string& record) {
    const std::string old = RecordUnclaimed(link, record, 10);
    world.server.Restart(/*new_views=*/true);
    ASSERT_EQ(RecordOf(link, old), record) << "the view is there";
    ASSERT_EQ(DeleteRecord(record).reason(), "");
    EXPECT_EQ(RecordOf(link, old), "");
  });
}

// Goal: whoever is faster, no resource that is there names a record that is not. Method: two that
// begin to name it and one that deletes it, at once, over and over.
TEST_P(HeldLinks, LeadNowhereAfterNoRace) {
  constexpr int kRounds = 60;
  const auto race = [&](const HeldLink& link, const std::string& record) {
    for (int round = 0; round < kRounds; ++round) {
      std::barrier<> start(3);
      Answer made[2];
      Answer gone;
      std::vector<std::thread> threads;
      for (int i = 0; i < 2; ++i) {
        const MessagePtr naming = Naming(link, record, 10 + 2 * round + i);
        threads.emplace_back([&, naming, i] {
          start.arrive_and_wait();
          made[i] = world.Create(*naming);
        });
      }
      threads.emplace_back([&] {
        start.arrive_and_wait();
        gone = DeleteRecord(record);
      });
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(gone.ok(), !IsThere(record)) << gone.reason();
      for (const Answer& one : made) {
        if (!one.ok()) {
          EXPECT_EQ(one.status.error_code(), grpc::StatusCode::NOT_FOUND) << one.reason();
          continue;
        }
        const std::string name = TextOf(*one.response, "name");
        EXPECT_EQ(RecordOf(link, name), gone.ok() ? "" : record);
        ASSERT_EQ(world.Delete(name).reason(), "");
      }
      if (gone.ok()) {
        ASSERT_EQ(UndeleteRecord(record).reason(), "");
      }
    }
  };
  ForEach(options::v1::ON_DELETE_REFUSE, race);
  ForEach(options::v1::ON_DELETE_CLEAR, race);
}

}  // namespace
}  // namespace kith::testing
