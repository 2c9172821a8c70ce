// What reading resources promises, whatever the resource: one, a list, many at once; now and as of
// any moment.
#include <gmock/gmock.h>

#include <algorithm>

#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/list.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

std::string At(const char* field, const std::string& value) {
  return absl::StrCat(field, ": ", value);
}
Moment OfToken(const std::string& token) { return At("token", absl::StrCat("'", token, "'")); }
Moment OfSequence(const std::string& sequence) { return At("sequence", sequence); }
Moment OfTime(absl::Time time) {
  return At("time", absl::StrCat("{ seconds: ", absl::ToUnixSeconds(time), " }"));
}

class ReadResource : public ConformanceTest {
 protected:
  void SetUp() override {
    world.Sample(0);  // and what it links
    world.Sample(1);
    before_ = MomentsOfNow();
    made_ = world.Made(0);
    name_ = TextOf(*made_, "name");
  }
  // The present moment, said in each way; what happens later is after it.
  std::vector<Moment> MomentsOfNow() {
    const Answer read = world.Get(kind().Nobody());
    const auto& log = world.server.runtime().log;
    const uint64_t sequence = log.WorkspaceHead(world.server.workspace()).value();
    world.server.clock().Advance(absl::Seconds(10));
    std::vector<Moment> moments = {OfSequence(absl::StrCat(sequence)),
                                   OfTime(world.server.clock().Now())};
    const MessagePtr list = NewMessage(*kind().list->input_type());
    moments.push_back(OfToken(world.Call(*kind().list, *list).token));
    world.server.clock().Advance(absl::Seconds(10));
    return moments;
  }

  std::vector<Moment> before_;  // it was created
  MessagePtr made_;
  std::string name_;
};
INSTANTIATE_TEST_SUITE_P(All, ReadResource,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::list})),
                         NameOfKind);

TEST_P(ReadResource, RefusesWhatIsNotThere) {
  const Answer refused = world.Get(kind().Nobody());
  EXPECT_EQ(refused.reason(), kind().NotFound());
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(refused.detail<google::rpc::ResourceInfo>().resource_name(), kind().Nobody());
  for (const char* const wrong : {"people/1", "", "x"}) {
    EXPECT_THAT(world.Get(wrong).fields(), ElementsAre("name"));
  }
}

TEST_P(ReadResource, AsOfBeforeItsCreationIsTheHistoryOfNothing) {
  for (const Moment& moment : before_) {
    const Answer early = world.Get(name_, moment);
    EXPECT_EQ(early.reason(), kind().NotFound()) << moment;
    EXPECT_NE(early.metadata("first_sequence"), "") << moment;
    EXPECT_NE(early.metadata("first_record_time"), "") << moment;
    EXPECT_EQ(world.Get(kind().Nobody(), moment).metadata("first_sequence"), "");
    EXPECT_THAT(world.Live(moment), Not(Contains(name_)));
  }
}

TEST_P(ReadResource, AsOfAMomentIsWhatItWasThen) {
  KITH_NEEDS(kind().update);
  const std::vector<Moment> then = MomentsOfNow();
  const MessagePtr other = world.Sample(1);
  SetText(*other, "name", name_);
  const Answer changed = world.Update(*other, {world.Changeable(*other).front()->name()});
  ASSERT_EQ(changed.reason(), "");
  const std::vector<Moment> later = MomentsOfNow();
  if (kind().remove != nullptr) {
    ASSERT_TRUE(world.Delete(name_).ok());
  }
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    for (const Moment& moment : then) {
      EXPECT_EQ(world.BytesAs(*world.Get(name_, moment).response, *made_), world.Bytes(*made_))
          << moment;
      EXPECT_THAT(world.Live(moment), Contains(name_)) << moment;
    }
    for (const Moment& moment : later) {
      EXPECT_EQ(world.BytesAs(*world.Get(name_, moment).response, *changed.response),
                world.Bytes(*changed.response))
          << moment;
    }
  }
}

TEST_P(ReadResource, RefusesMomentsThatAreNone) {
  EXPECT_EQ(world.Get(name_, OfToken("nonsense")).reason(), "INVALID_TOKEN");
  EXPECT_EQ(world.Get(name_, OfSequence("1000000")).reason(), "OUT_OF_RANGE");
}

class ListResources : public ReadResource {
 protected:
  void SetUp() override {
    ReadResource::SetUp();
    for (int number = 1; number < 7; ++number) world.Made(number);
  }
  MessagePtr Asking(int page_size, const std::string& order_by = "") {
    const MessagePtr request = NewMessage(*kind().list->input_type());
    SetNumber(*request, "page_size", page_size);
    if (!order_by.empty()) SetText(*request, "order_by", order_by);
    return request;
  }
  Answer List(const Message& request) { return world.Call(*kind().list, request); }
  std::vector<const Message*> Rows(const Answer& page) {
    return RowsOf(*page.response,
                  FieldOfType(*kind().list->output_type(), *kind().resource)->name());
  }
};
INSTANTIATE_TEST_SUITE_P(All, ListResources,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::list})),
                         NameOfKind);

TEST_P(ListResources, AnswersWhatGetAnswers) {
  const Answer page = List(*Asking(1'000));
  ASSERT_EQ(page.reason(), "");
  EXPECT_GE(Rows(page).size(), 7u);
  for (const Message* const row : Rows(page)) {
    EXPECT_EQ(world.Bytes(*world.Get(TextOf(*row, "name")).response), world.Bytes(*row));
  }
}

TEST_P(ListResources, WalksItsPagesAsOneList) {
  const std::vector<std::string> all = world.Names(*kind().list);
  for (const int page_size : {1, 2, 3, 6, 7}) {
    EXPECT_THAT(world.Names(*kind().list, page_size), ElementsAreArray(all)) << page_size;
  }
  EXPECT_EQ(Rows(List(*Asking(0))).size(), all.size());
}

TEST_P(ListResources, CountsWhatIsOnAllPages) {
  const std::vector<std::string> all = world.Names(*kind().list);
  const MessagePtr request = Asking(3);
  EXPECT_FALSE(IsSet(*List(*request).response, "summary"));
  SetFlag(MutableIn(*request, "summary"), "total_size");
  SetFlag(MutableIn(*request, "summary"), "explain");
  type::v1::ListSummary summary;
  do {
    const Answer page = List(*request);
    ASSERT_EQ(page.reason(), "");
    ASSERT_TRUE(summary.ParseFromString(In(*page.response, "summary").SerializeAsString()));
    EXPECT_EQ(summary.total_size(), all.size());
    EXPECT_FALSE(summary.total_size_is_at_least());
    EXPECT_GE(static_cast<size_t>(summary.plan().looked_at()), Rows(page).size());
    EXPECT_EQ(summary.plan().stretches_size(), 1);
    SetText(*request, "page_token", TextOf(*page.response, "next_page_token"));
  } while (!TextOf(*request, "page_token").empty());
  for (const Moment& moment : before_) {
    ASSERT_TRUE(
        google::protobuf::TextFormat::ParseFromString(moment, &MutableIn(*request, "read")));
    ASSERT_TRUE(
        summary.ParseFromString(In(*List(*request).response, "summary").SerializeAsString()));
    EXPECT_EQ(summary.total_size(), world.Live(moment).size());
    EXPECT_LT(summary.total_size(), all.size());
  }
}

TEST_P(ListResources, ShowsOneMomentOnAllPages) {
  const std::vector<std::string> all = world.Names(*kind().list);
  // The last that is not built in.
  const auto& built_in = kind().type->rules->built_in;
  const auto last = std::find_if(all.rbegin(), all.rend(), [&](const std::string& name) {
    return built_in == nullptr || built_in(name) == nullptr;
  });
  const MessagePtr request = Asking(2);
  std::vector<std::string> seen;
  for (int number = 20;; ++number) {
    const Answer page = List(*request);
    ASSERT_EQ(page.reason(), "");
    for (const Message* const row : Rows(page)) seen.push_back(TextOf(*row, "name"));
    SetText(*request, "page_token", TextOf(*page.response, "next_page_token"));
    if (TextOf(*request, "page_token").empty()) break;
    world.Made(number);
    if (kind().remove != nullptr) {
      ASSERT_EQ(world.Delete(*last).reason(), "");
    }
  }
  EXPECT_THAT(seen, ElementsAreArray(all));
}

TEST_P(ListResources, RefusesAPageTokenOfAnotherList) {
  const std::string token = TextOf(*List(*Asking(2)).response, "next_page_token");
  ASSERT_NE(token, "");
  const auto names_in = [this](const Answer& page) {
    std::vector<std::string> names;
    for (const Message* const row : Rows(page)) names.push_back(TextOf(*row, "name"));
    return names;
  };
  int orders = 0;
  int same = 0;
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const MessagePtr other = Asking(2, absl::StrCat(kind().resource->field(i)->name(), " desc"));
    if (List(*other).reason() == "INVALID_FILTER") continue;  // it has no index
    ++orders;
    SetText(*other, "page_token", token);
    const Answer page = List(*other);
    if (page.ok()) {  // the order that the list has by itself
      const MessagePtr unordered = Asking(2);
      SetText(*unordered, "page_token", token);
      EXPECT_EQ(names_in(page), names_in(List(*unordered)));
      ++same;
      continue;
    }
    EXPECT_EQ(page.reason(), "INVALID_PAGE_TOKEN");
  }
  EXPECT_GT(orders, 0);
  EXPECT_LE(same, 1);
  const MessagePtr damaged = Asking(2);
  SetText(*damaged, "page_token", "nonsense");
  EXPECT_EQ(List(*damaged).reason(), "INVALID_PAGE_TOKEN");
  if (kind().list_deleted == nullptr) return;
  const MessagePtr deleted = NewMessage(*kind().list_deleted->input_type());
  SetText(*deleted, "page_token", token);
  EXPECT_EQ(world.Call(*kind().list_deleted, *deleted).reason(), "INVALID_PAGE_TOKEN");
}

TEST_P(ListResources, RefusesWhatItCannotRun) {
  const MessagePtr request = Asking(2);
  SetText(*request, "filter", "shoe_size = 42");
  EXPECT_EQ(List(*request).reason(), "INVALID_FILTER");
  EXPECT_EQ(List(*Asking(2, "shoe_size")).reason(), "INVALID_FILTER");
  EXPECT_EQ(List(*Asking(-1)).reason(), "INVALID_FIELD");
}

TEST_P(ListResources, IsTheSameFromViewsThatWereFoldedAnew) {
  if (kind().remove != nullptr) {
    ASSERT_EQ(world.Delete(name_).reason(), "");
  }
  const std::string before = List(*Asking(1'000)).response->SerializeAsString();
  world.server.Restart(/*new_views=*/true);
  EXPECT_EQ(List(*Asking(1'000)).response->SerializeAsString(), before);
}

class BatchGetResources : public ReadResource {
 protected:
  void SetUp() override {
    ReadResource::SetUp();
    other_ = TextOf(*world.Made(1), "name");
  }
  Answer Get(const std::vector<std::string>& names, const Moment& moment = "") {
    const MessagePtr request = NewMessage(*kind().batch_get->input_type());
    for (const std::string& name : names) AddText(*request, "names", name);
    if (!moment.empty()) {
      EXPECT_TRUE(
          google::protobuf::TextFormat::ParseFromString(moment, &MutableIn(*request, "read")));
    }
    return world.Call(*kind().batch_get, *request);
  }
  std::vector<std::string> Names(const Answer& got) {
    std::vector<std::string> names;
    const std::string rows =
        FieldOfType(*kind().batch_get->output_type(), *kind().resource)->name();
    for (const Message* const row : RowsOf(*got.response, rows)) {
      names.push_back(TextOf(*row, "name"));
    }
    return names;
  }

  std::string other_;
};
INSTANTIATE_TEST_SUITE_P(All, BatchGetResources,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::list,
                                                        &Kind::batch_get})),
                         NameOfKind);

TEST_P(BatchGetResources, AnswersInTheOrderOfTheNamesAndSaysWhoIsMissing) {
  const Answer got = Get({other_, kind().Nobody(), name_, other_});
  ASSERT_EQ(got.reason(), "");
  EXPECT_THAT(Names(got), ElementsAre(other_, name_, other_));
  EXPECT_THAT(TextsOf(*got.response, "missing"), ElementsAre(kind().Nobody()));
  EXPECT_THAT(TextsOf(*got.response, "left_out"), IsEmpty());
  EXPECT_THAT(Get({name_, "people/1"}).fields(), ElementsAre("names[1]"));
  EXPECT_THAT(Get({name_, "", name_}).fields(), ElementsAre("names[1]"));
  EXPECT_THAT(Get({}).fields(), ElementsAre("names"));
  EXPECT_THAT(Get(std::vector<std::string>(501, name_)).fields(), ElementsAre("names"));
  EXPECT_EQ(Names(Get(std::vector<std::string>(500, name_))).size(), 500u);
}

TEST_P(BatchGetResources, AnswersWhatThereWas) {
  const std::vector<Moment> then = MomentsOfNow();
  if (kind().remove != nullptr) {
    ASSERT_EQ(world.Delete(name_).reason(), "");
  }
  for (const Moment& moment : then) EXPECT_THAT(Names(Get({name_}, moment)), ElementsAre(name_));
  for (const Moment& moment : before_) {
    EXPECT_THAT(TextsOf(*Get({name_}, moment).response, "missing"), ElementsAre(name_));
  }
  KITH_NEEDS(kind().remove);
  EXPECT_THAT(TextsOf(*Get({name_}).response, "missing"), ElementsAre(name_));
}

}  // namespace
}  // namespace kith::testing
