// What the history of a resource promises, whatever the resource.
#include <gmock/gmock.h>

#include "absl/strings/ascii.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/type/v1/revision.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using google::protobuf::Timestamp;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using type::v1::Revision;

// "contact" of Contact, "saved_view" of SavedView.
std::string SnakeOf(const std::string& type) {
  std::string snake;
  for (const char c : type) {
    if (absl::ascii_isupper(c) && !snake.empty()) snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

class ListRevisions : public ConformanceTest {
 protected:
  void SetUp() override {
    made_ = world.Made(0);
    ask_ = world.Naming(*kind().list_revisions, TextOf(*made_, "name"));
    const MessagePtr other = world.Sample(1);
    for (const bool links : {false, true}) {
      for (const FieldDescriptor* const field : world.Changeable(*other)) {
        const bool is_link = RulesOf(*field).resource_size() > 0;
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && is_link == links &&
            !Alike(*made_, *other, *field)) {
          fields_.push_back(field);
        }
      }
    }
    ASSERT_FALSE(fields_.empty());
    if (fields_.size() == 1) fields_.push_back(fields_[0]);  // which changes each time
    then_ = Ask().token;
    Change(0, 1);
    Change(1, 3);
    Change(0, 2);
  }
  // As that of another sample, an hour later, with a request id and a time.
  void Change(size_t which, int number) {
    world.server.clock().Advance(absl::Hours(1));
    const MessagePtr resource = NewMessage(*kind().resource);
    CopyField(*world.Sample(number), *resource, *fields_[which]);
    SetText(*resource, "name", TextOf(*made_, "name"));
    const MessagePtr request =
        world.Updating(*resource, {fields_[which]->name()}, absl::StrCat("r", which, "-", number));
    if (request->GetDescriptor()->FindFieldByName("occur_time") != nullptr) {
      static_cast<Timestamp&>(MutableIn(*request, "occur_time")) = ToTimestamp(Happened());
    }
    ASSERT_EQ(world.Call(*kind().update, *request).reason(), "");
  }
  bool AreTwo() const { return fields_[0] != fields_[1]; }
  absl::Time Happened() { return world.server.clock().Now() - absl::Minutes(10); }
  Answer Ask() { return world.Call(*kind().list_revisions, *ask_); }
  std::vector<const Message*> Rows(const Answer& page) {
    return RowsOf(*page.response, "revisions");
  }
  static const Revision& RevisionOf(const Message& row) {
    return static_cast<const Revision&>(In(row, "revision"));
  }
  std::string Type(absl::string_view verb) const {
    return absl::StrCat(SnakeOf(kind().resource->name()), "_", verb);
  }
  // "2 user_updated" of each, page by page.
  std::vector<std::string> All(int page_size = 1'000) {
    std::vector<std::string> all;
    SetNumber(*ask_, "page_size", page_size);
    do {
      const Answer page = Ask();
      EXPECT_EQ(page.reason(), "");
      for (const Message* const row : Rows(page)) {
        all.push_back(absl::StrCat(RevisionOf(*row).etag(), " ", RevisionOf(*row).type()));
      }
      SetText(*ask_, "page_token", TextOf(*page.response, "next_page_token"));
    } while (!TextOf(*ask_, "page_token").empty());
    return all;
  }

  MessagePtr made_;
  MessagePtr ask_;
  std::vector<const FieldDescriptor*> fields_;  // texts, then links, that change by themselves
  std::string then_;                            // the token of before the changes
};
INSTANTIATE_TEST_SUITE_P(All, ListRevisions,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::update,
                                                        &Kind::list_revisions})),
                         NameOfKind);

TEST_P(ListRevisions, TellWhoChangedWhatFromWhatToWhatAndWhen) {
  const Answer page = Ask();
  ASSERT_EQ(page.reason(), "");
  ASSERT_EQ(Rows(page).size(), 4u);
  const Message& last = *Rows(page)[0];
  const Revision& revision = RevisionOf(last);
  EXPECT_EQ(revision.etag(), "4");
  EXPECT_EQ(revision.type(), Type("updated"));
  EXPECT_THAT(revision.changed().paths(), Contains(fields_[0]->name()));
  EXPECT_EQ(revision.request_id(), "r0-2");
  EXPECT_NE(revision.actor(), "");
  EXPECT_EQ(FromTimestamp(revision.record_time()), world.server.clock().Now());
  if (kind().update->input_type()->FindFieldByName("occur_time") != nullptr) {
    EXPECT_EQ(FromTimestamp(revision.occur_time()), Happened());
  }
  EXPECT_EQ(revision.sequence(),
            static_cast<int64_t>(
                world.server.runtime().log.WorkspaceHead(world.server.workspace()).value()));
  EXPECT_TRUE(Alike(*world.Sample(AreTwo() ? 1 : 3), In(last, "before"), *fields_[0]));
  EXPECT_TRUE(Alike(*world.Sample(2), In(last, "after"), *fields_[0]));
  EXPECT_EQ(IsSet(In(last, "before"), fields_[1]->name()), !AreTwo()) << "it did not change";
  const Message& first = *Rows(page)[3];
  EXPECT_EQ(RevisionOf(first).etag(), "1");
  EXPECT_EQ(RevisionOf(first).type(), Type("created"));
  for (const FieldDescriptor* const field : world.Changeable(*made_)) {
    EXPECT_THAT(RevisionOf(first).changed().paths(), Contains(field->name()));
    EXPECT_FALSE(IsSet(In(first, "before"), field->name())) << field->name();
    EXPECT_TRUE(Alike(*made_, In(first, "after"), *field)) << field->name();
  }
}

TEST_P(ListRevisions, ComeByPagesAndByField) {
  const std::vector<std::string> all = All();
  EXPECT_THAT(
      all, ElementsAre(absl::StrCat("4 ", Type("updated")), absl::StrCat("3 ", Type("updated")),
                       absl::StrCat("2 ", Type("updated")), absl::StrCat("1 ", Type("created"))));
  for (const int page_size : {1, 2, 3, 4}) EXPECT_THAT(All(page_size), ElementsAreArray(all));
  SetText(*ask_, "field", fields_[1]->name());
  for (const int page_size : {1, 2, 1'000}) {
    EXPECT_THAT(All(page_size), ElementsAreArray(AreTwo() ? std::vector{all[1], all[3]} : all))
        << page_size;
  }
  SetText(*ask_, "field", "shoe_size");
  EXPECT_THAT(Ask().fields(), ElementsAre("field"));
}

TEST_P(ListRevisions, RefuseAPageTokenOfAnotherList) {
  SetNumber(*ask_, "page_size", 1);
  SetText(*ask_, "page_token", TextOf(*Ask().response, "next_page_token"));
  ASSERT_NE(TextOf(*ask_, "page_token"), "");
  SetText(*ask_, "field", fields_[0]->name());
  EXPECT_EQ(Ask().reason(), "INVALID_PAGE_TOKEN");
}

TEST_P(ListRevisions, AreThoseOfTheMomentTheyAreAskedFor) {
  SetText(MutableIn(*ask_, "read"), "token", then_);
  EXPECT_THAT(All(), ElementsAre(absl::StrCat("1 ", Type("created"))));
  const MessagePtr none = world.Naming(*kind().list_revisions, kind().Nobody());
  EXPECT_EQ(world.Call(*kind().list_revisions, *none).reason(), kind().NotFound());
  SetText(*none, "name", "people/1");
  EXPECT_THAT(world.Call(*kind().list_revisions, *none).fields(), ElementsAre("name"));
}

TEST_P(ListRevisions, GoOnWhenItIsDeletedAndComesBack) {
  KITH_NEEDS(kind().remove);
  ASSERT_EQ(world.Delete(TextOf(*made_, "name")).reason(), "");
  EXPECT_EQ(All()[0], absl::StrCat("5 ", Type("deleted")));
  KITH_NEEDS(kind().undelete);
  ASSERT_EQ(world.Undelete(TextOf(*made_, "name")).reason(), "");
  const Answer page = Ask();
  EXPECT_EQ(RevisionOf(*Rows(page)[0]).type(), Type("undeleted"));
  EXPECT_THAT(RevisionOf(*Rows(page)[0]).changed().paths(), ElementsAre("delete_time"));
  EXPECT_TRUE(IsSet(In(*Rows(page)[0], "before"), "delete_time"));
}

}  // namespace
}  // namespace kith::testing
