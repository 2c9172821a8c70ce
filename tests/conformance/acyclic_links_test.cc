// What links promise that name a resource of their own kind and are to lead to an end, whatever the
// resource: nobody who follows them comes back to where they were.
#include "services/core/acyclic_links.h"

#include <gmock/gmock.h>

#include <barrier>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::HasSubstr;

class AcyclicLinks : public ConformanceTest {
 protected:
  void ForEach(const std::function<void(const FieldDescriptor&)>& test) {
    for (const FieldDescriptor* const link : kind().type->rules->acyclic_links) {
      SCOPED_TRACE(link->name());
      test(*link);
    }
  }
  static void SetLink(Message& resource, const FieldDescriptor& link, const std::string& record) {
    if (!link.is_repeated()) return SetText(resource, link.name(), record);
    if (!record.empty()) AddText(resource, link.name(), record);
  }
  // A resource that names `record`, or none where that is empty.
  std::string CreateNaming(const FieldDescriptor& link, const std::string& record, int number) {
    const MessagePtr resource = world.Unlinked(number);
    SetLink(*resource, link, record);
    const Answer made = world.Create(*resource);
    EXPECT_EQ(made.reason(), "");
    return TextOf(*made.response, "name");
  }
  // Those of a chain of so many, each of which names the one before.
  std::vector<std::string> CreateChain(const FieldDescriptor& link, size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      names.push_back(CreateNaming(link, i == 0 ? "" : names.back(), static_cast<int>(i)));
    }
    return names;
  }
  MessagePtr Naming(const FieldDescriptor& link, const std::string& name,
                    const std::string& record) const {
    const MessagePtr resource = NewMessage(*kind().resource);
    SetText(*resource, "name", name);
    SetLink(*resource, link, record);
    return resource;
  }
  Answer Link(const FieldDescriptor& link, const std::string& name, const std::string& record) {
    return world.Update(*Naming(link, name, record), {link.name()});
  }
  std::string LinkOf(const FieldDescriptor& link, const std::string& name) {
    const Answer got = world.Get(name);
    return link.is_repeated() ? absl::StrJoin(TextsOf(*got.response, link.name()), ",")
                              : TextOf(*got.response, link.name());
  }
  // One links another as it was recorded before circles were refused.
  void LinkUnchecked(const FieldDescriptor& link, const std::string& name,
                     const std::string& record) {
    runtime::Origin origin;
    origin.caller = std::make_shared<runtime::Caller>(runtime::Caller{
        world.server.workspace(), "tester", runtime::Grants(), std::make_shared<Settings>()});
    google::protobuf::FieldMask changed;
    changed.add_paths(link.name());
    const auto decide = [&](runtime::Loader& load, const CommandContext&) -> Decision {
      EXPECT_TRUE(load.LoadState(*kind().type->aggregate, name).ok());
      std::unique_ptr<Message> event(kind().type->rules->event->New());
      WriteUpdated(name, changed, *Naming(link, name, record), *event);
      return Changes().Add({name, std::move(event), {}});
    };
    ASSERT_TRUE(
        world.server.runtime().transact.RunAndWait(origin, world.server.workspace(), decide).ok());
  }
  void ExpectCircle(const Answer& refused, const std::string& field,
                    const std::vector<std::string>& chain) {
    EXPECT_EQ(refused.reason(), "LINK_CYCLE");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(refused.metadata("field"), field);
    EXPECT_EQ(refused.metadata("chain"), absl::StrJoin(chain, " → "));
    EXPECT_THAT(refused.status.error_message(), HasSubstr(refused.metadata("chain")));
    const auto failure = refused.detail<google::rpc::PreconditionFailure>();
    ASSERT_EQ(failure.violations_size(), 1);
    EXPECT_EQ(failure.violations(0).subject(), chain.front());
  }
  std::string PathOf(const FieldDescriptor& link) const {
    return absl::StrCat(Called(), ".", link.name());
  }
};
INSTANTIATE_TEST_SUITE_P(All, AcyclicLinks, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.create != nullptr && kind.update != nullptr &&
                                  !kind.type->rules->acyclic_links.empty();
                         })),
                         NameOfKind);

TEST_P(AcyclicLinks, LeadInNoCircle) {
  ForEach([&](const FieldDescriptor& link) {
    const std::vector<std::string> names = CreateChain(link, 3);
    ExpectCircle(Link(link, names[0], names[2]), PathOf(link),
                 {names[0], names[2], names[1], names[0]});
    ExpectCircle(Link(link, names[0], names[0]), PathOf(link), {names[0], names[0]});
    EXPECT_EQ(LinkOf(link, names[0]), "");
    // What opens the circle lets it be.
    ASSERT_EQ(Link(link, names[1], "").reason(), "");
    EXPECT_EQ(Link(link, names[0], names[2]).reason(), "");
    ExpectCircle(Link(link, names[1], names[0]), PathOf(link),
                 {names[1], names[0], names[2], names[1]});
  });
}

// Goal: of those that a link names at once each is gone along, and what several lead to but once.
TEST_P(AcyclicLinks, LeadInNoCircleByAnyOfMany) {
  ForEach([&](const FieldDescriptor& link) {
    if (!link.is_repeated()) return;
    // Ten layers of two, each of which names both of the layer before: over a thousand ways.
    std::vector<std::string> layer;
    std::string first;
    for (int i = 0; i < 10; ++i) {
      std::vector<std::string> next;
      for (int j = 0; j < 2; ++j) {
        const MessagePtr resource = world.Unlinked(2 * i + j);
        for (const std::string& name : layer) AddText(*resource, link.name(), name);
        const Answer made = world.Create(*resource);
        ASSERT_EQ(made.reason(), "");
        next.push_back(TextOf(*made.response, "name"));
      }
      if (i == 0) first = next[1];
      layer = next;
    }
    EXPECT_EQ(Link(link, first, layer[0]).reason(), "LINK_CYCLE");
    EXPECT_EQ(LinkOf(link, first), "");
    const std::string apart = CreateNaming(link, "", 100);
    ASSERT_EQ(Link(link, apart, layer[0]).reason(), "");
    const MessagePtr both = Naming(link, first, apart);
    EXPECT_EQ(world.Update(*both, {link.name()}).reason(), "LINK_CYCLE");
  });
}

TEST_P(AcyclicLinks, LeadInNoCircleThatABatchCloses) {
  KITH_NEEDS(kind().batch_update);
  ForEach([&](const FieldDescriptor& link) {
    const std::vector<std::string> names = {CreateNaming(link, "", 0), CreateNaming(link, "", 1)};
    const auto batch = [&](bool partial) {
      std::vector<MessagePtr> requests;
      for (size_t i = 0; i < 2; ++i) {
        requests.push_back(world.Updating(*Naming(link, names[i], names[1 - i]), {link.name()}));
      }
      return world.Call(*kind().batch_update,
                        *world.Batching(*kind().batch_update, requests, partial));
    };
    EXPECT_EQ(batch(false).reason(), "LINK_CYCLE");
    EXPECT_EQ(LinkOf(link, names[0]), "");
    EXPECT_EQ(batch(true).reason(), "");
    EXPECT_NE(LinkOf(link, names[0]).empty(), LinkOf(link, names[1]).empty())
        << "each by itself: one of them";
  });
}

TEST_P(AcyclicLinks, LeadOverAHundredRecordsAtMost) {
  ForEach([&](const FieldDescriptor& link) {
    const std::vector<std::string> names = CreateChain(link, kChainMax + 1);
    const std::string further = CreateNaming(link, "", 200);
    const Answer refused = Link(link, further, names.back());
    EXPECT_EQ(refused.reason(), "LINK_CHAIN_TOO_LONG");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(refused.metadata("field"), PathOf(link));
    EXPECT_EQ(refused.metadata("most"), absl::StrCat(kChainMax));
    EXPECT_EQ(refused.metadata("last"), names.front());
    EXPECT_EQ(Link(link, further, names[kChainMax - 1]).reason(), "");
    const Answer circle = Link(link, names.front(), names[kChainMax - 1]);
    EXPECT_EQ(circle.reason(), "LINK_CYCLE");
    EXPECT_THAT(circle.metadata("chain"), HasSubstr(" → … → ")) << "not all of so many";
  });
}

// Goal: what stands at the beginning of a chain that grew at its other end can be moved up, and
// comes back.
TEST_P(AcyclicLinks, AreShortenedWhereTheirChainGrewTooLong) {
  ForEach([&](const FieldDescriptor& link) {
    if (link.is_repeated()) return;
    const std::vector<std::string> names = CreateChain(link, kChainMax + 1);
    std::string top = names.front();
    for (int i = 0; i < 3; ++i) {
      const std::string above = CreateNaming(link, "", 200 + i);
      ASSERT_EQ(Link(link, top, above).reason(), "");
      top = above;
    }
    EXPECT_EQ(Link(link, names.back(), names[kChainMax - 2]).reason(), "") << "by one";
    EXPECT_EQ(Link(link, names.back(), names[kChainMax - 1]).reason(), "LINK_CHAIN_TOO_LONG");
    EXPECT_EQ(Link(link, top, names.back()).reason(), "LINK_CHAIN_TOO_LONG") << "in a circle";
    if (kind().remove == nullptr || kind().undelete == nullptr) return;
    ASSERT_EQ(world.Delete(names.back()).reason(), "");
    EXPECT_EQ(world.Undelete(names.back()).reason(), "");
  });
}

// What comes back is asked where its links lead as if it linked anew.
TEST_P(AcyclicLinks, CloseNoCircleWhenTheirResourceComesBack) {
  KITH_NEEDS(kind().undelete);
  ForEach([&](const FieldDescriptor& link) {
    if (RulesOf(link).on_delete() == options::v1::ON_DELETE_REFUSE) return;
    const bool is_emptied = RulesOf(link).on_delete() == options::v1::ON_DELETE_CLEAR;
    const std::vector<std::string> names = CreateChain(link, 3);
    ASSERT_EQ(world.Delete(names[1]).reason(), "");
    ASSERT_EQ(Link(link, names[0], names[2]).reason(), "");
    const Answer back = world.Undelete(names[1]);
    EXPECT_EQ(back.reason(), is_emptied ? "" : "LINK_CYCLE");
  });
}

// Goal: a circle from before they were refused holds up nobody who is not in it, and can be mended.
TEST_P(AcyclicLinks, OfBeforeAreReadAndMended) {
  ForEach([&](const FieldDescriptor& link) {
    const std::string one = CreateNaming(link, "", 0);
    const std::string two = CreateNaming(link, one, 1);
    const std::string outside = CreateNaming(link, "", 2);
    LinkUnchecked(link, one, two);
    EXPECT_EQ(LinkOf(link, one), two);
    EXPECT_EQ(LinkOf(link, two), one);
    ExpectCircle(Link(link, outside, one), PathOf(link), {outside, one, two, one});
    // Any other field of it can be changed.
    const MessagePtr other = world.Unlinked(3);
    ClearImmutable(other.get());
    SetText(*other, "name", one);
    SetLink(*other, link, two);
    EXPECT_EQ(world.Update(*other).reason(), "");
    ASSERT_EQ(Link(link, two, "").reason(), "");
    EXPECT_EQ(Link(link, outside, one).reason(), "");
    if (kind().remove == nullptr || kind().undelete == nullptr) return;
    LinkUnchecked(link, two, two);
    ASSERT_EQ(Link(link, one, "").reason(), "");
    ASSERT_EQ(world.Delete(two).reason(), "");
    EXPECT_EQ(world.Undelete(two).reason(), "") << "nobody could have mended it meanwhile";
    EXPECT_EQ(LinkOf(link, two), two);
  });
}

// Goal: whoever is faster, no circle is closed. Method: two that close one together, though neither
// touches what the other names, at once, over and over.
TEST_P(AcyclicLinks, LeadInNoCircleAfterNoRace) {
  constexpr int kRounds = 60;
  ForEach([&](const FieldDescriptor& link) {
    // 1 leads to 0 and 3 to 2; then 0 begins to lead to 3, and 2 to 1.
    std::vector<std::string> names;
    for (int i = 0; i < 4; ++i)
      names.push_back(CreateNaming(link, i % 2 == 0 ? "" : names.back(), i));
    for (int round = 0; round < kRounds; ++round) {
      std::barrier<> start(2);
      Answer linked[2];
      std::vector<std::thread> threads;
      for (size_t i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          linked[i] = Link(link, names[2 * i], names[3 - 2 * i]);
        });
      }
      for (std::thread& thread : threads) thread.join();
      EXPECT_NE(linked[0].ok(), linked[1].ok());
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(linked[i].reason(), linked[i].ok() ? "" : "LINK_CYCLE");
        EXPECT_EQ(LinkOf(link, names[2 * i]), linked[i].ok() ? names[3 - 2 * i] : "");
        ASSERT_EQ(Link(link, names[2 * i], "").reason(), "");
      }
    }
  });
}

}  // namespace
}  // namespace kith::testing
