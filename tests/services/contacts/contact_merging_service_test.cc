// Merging contacts over a whole server: what the names of those that were merged mean to everybody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/profiles/v1/profiles_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/members.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using Stub = v1::ContactsService::Stub;
using Deals = deals::v1::DealsService::Stub;
using Interactions = interactions::v1::InteractionsService::Stub;
using Profiles = profiles::v1::ProfilesService::Stub;
using Workspaces = workspaces::v1::WorkspacesService::Stub;

class MergeContacts : public ::testing::Test {
 protected:
  std::string Create(absl::string_view contact) {
    v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    const auto created = server_.Call(&Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    server_.clock().Advance(absl::Seconds(1));
    return created->name();
  }
  Reply<v1::Contact> Get(const std::string& name, const std::string& token = "") {
    v1::GetContactRequest request;
    request.set_name(name);
    if (!token.empty()) request.mutable_read()->set_token(token);
    return server_.Call(&Stub::GetContact, request);
  }
  Reply<v1::Contact> Update(const std::string& name, absl::string_view contact) {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.mutable_contact()->set_name(name);
    server_.clock().Advance(absl::Seconds(1));
    return server_.Call(&Stub::UpdateContact, request);
  }
  std::string Delete(const std::string& name) {
    v1::DeleteContactRequest request;
    request.set_name(name);
    return server_.Call(&Stub::DeleteContact, request).reason();
  }
  static v1::MergeContactsRequest Merging(const std::string& survivor,
                                          const std::vector<std::string>& others) {
    v1::MergeContactsRequest request;
    request.set_name(survivor);
    for (const std::string& other : others) request.add_merged(other);
    return request;
  }
  Reply<v1::Contact> Merge(const std::string& survivor, const std::vector<std::string>& others) {
    server_.clock().Advance(absl::Seconds(1));
    return server_.Call(&Stub::MergeContacts, Merging(survivor, others));
  }
  Reply<v1::Contact> Unmerge(const std::string& name) {
    v1::UnmergeContactRequest request;
    request.set_name(name);
    server_.clock().Advance(absl::Seconds(1));
    return server_.Call(&Stub::UnmergeContact, request);
  }
  std::vector<std::string> Listed(const std::string& filter = "") {
    v1::ListContactsRequest request;
    request.set_filter(filter);
    const auto page = server_.Call(&Stub::ListContacts, request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const auto& contact : page->contacts()) names.push_back(contact.name());
    return names;
  }

  std::string CreateDeal(const std::string& called, const std::string& contact) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name(called);
    request.mutable_deal()->add_contacts()->set_contact(contact);
    const auto created = server_.Call(&Deals::CreateDeal, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::vector<std::string> DealsOf(const std::string& filter, const std::string& token = "") {
    deals::v1::ListDealsRequest request;
    request.set_filter(filter);
    if (!token.empty()) request.mutable_read()->set_token(token);
    const auto page = server_.Call(&Deals::ListDeals, request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> called;
    for (const auto& deal : page->deals()) called.push_back(deal.display_name());
    return called;
  }
  void Record(const std::string& parent, const std::string& subject,
              const std::vector<std::string>& links = {}) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    request.mutable_interaction()->set_subject(subject);
    for (const std::string& link : links) request.mutable_interaction()->add_links(link);
    server_.clock().Advance(absl::Seconds(1));
    EXPECT_EQ(server_.Call(&Interactions::RecordInteraction, request).reason(), "");
  }
  // The subjects of its interactions, the last one first, page by page.
  std::vector<std::string> Timeline(const std::string& parent, int page_size = 2) {
    std::vector<std::string> subjects;
    interactions::v1::ListTimelineRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    do {
      const auto page = server_.Call(&Interactions::ListTimeline, request);
      EXPECT_EQ(page.reason(), "");
      for (const auto& entry : page->entries()) {
        if (entry.has_interaction()) subjects.push_back(entry.interaction().subject());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return subjects;
  }

  testing::TestServer server_;
};

TEST_F(MergeContacts, MakesTheNameOfAnotherMeanTheOneThatStays) {
  const std::string ada = Create(R"pb(first_name: "Ada"
                                      emails { address: "ada@a.example" })pb");
  const std::string other = Create(R"pb(
    last_name: "Lovelace"
    emails { address: "ada@b.example" })pb");
  const std::string before = Get(ada).token;
  const auto merged = Merge(ada, {other});
  ASSERT_EQ(merged.reason(), "");
  EXPECT_EQ(merged->name(), ada);
  EXPECT_EQ(merged->display_name(), "Ada Lovelace");
  EXPECT_THAT(merged->merged(), ElementsAre(other));

  const auto got = Get(other);
  ASSERT_EQ(got.reason(), "");
  EXPECT_EQ(got->name(), ada);
  EXPECT_EQ(got->resolved_from(), other);
  EXPECT_EQ(got->emails_size(), 2);
  EXPECT_EQ(Get(ada)->resolved_from(), "");
  EXPECT_THAT(Listed(), ElementsAre(ada));
  EXPECT_THAT(Listed("email = \"ada@b.example\""), ElementsAre(ada));
  v1::BatchGetContactsRequest both;
  both.add_names(ada);
  both.add_names(other);
  const auto batch = server_.Call(&Stub::BatchGetContacts, both);
  EXPECT_EQ(batch->contacts_size(), 2);
  EXPECT_EQ(batch->contacts(1).resolved_from(), other);
  EXPECT_THAT(batch->missing(), IsEmpty());

  // The past does not change.
  EXPECT_EQ(Get(other, before)->name(), other);
  EXPECT_EQ(Get(ada, before)->display_name(), "Ada");
  server_.Restart(true);
  EXPECT_EQ(Get(other)->name(), ada);
}

TEST_F(MergeContacts, LetsCommandsNameItByAnyName) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  const auto updated = Update(other, R"pb(job_title: "Countess")pb");
  ASSERT_EQ(updated.reason(), "");
  EXPECT_EQ(updated->name(), ada);
  EXPECT_EQ(updated->resolved_from(), other);
  EXPECT_EQ(Get(ada)->job_title(), "Countess");
  // What names it, names it as it is asked to.
  const std::string deal = CreateDeal("an order", other);
  deals::v1::GetDealRequest request;
  request.set_name(deal);
  EXPECT_EQ(server_.Call(&Deals::GetDeal, request)->contacts(0).contact(), other);
  EXPECT_EQ(Delete(other), "");
  EXPECT_EQ(Get(ada).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Get(other).reason(), "CONTACT_NOT_FOUND");
}

TEST_F(MergeContacts, IsAnsweredAgainAsTheFirstTime) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  auto request = Merging(ada, {other});
  request.set_request_id("merge-1");
  const auto first = server_.Call(&Stub::MergeContacts, request);
  ASSERT_EQ(first.reason(), "");
  Update(ada, R"pb(job_title: "Countess")pb");
  const auto again = server_.Call(&Stub::MergeContacts, request);
  EXPECT_EQ(again.reason(), "");
  EXPECT_EQ(again->etag(), first->etag());
  EXPECT_EQ(again->job_title(), "");
}

TEST_F(MergeContacts, RefusesWhatCannotBeMergedAndLeavesAllAsItWas) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  const std::string gone = Create(R"pb(first_name: "Gone")pb");
  ASSERT_EQ(Delete(gone), "");
  const auto itself = Merge(ada, {other, ada});
  EXPECT_EQ(itself.reason(), "MERGE_WITH_ITSELF");
  EXPECT_EQ(itself.metadata("field"), "merged[1]");
  EXPECT_EQ(Merge(ada, {other, gone}).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Merge(gone, {ada}).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Merge(ada, {}).fields(), std::vector<std::string>{"merged"});
  EXPECT_EQ(Merge(ada, std::vector<std::string>(21, other)).fields(),
            std::vector<std::string>{"merged"});
  auto outdated = Merging(ada, {other});
  outdated.set_etag("7");
  EXPECT_EQ(server_.Call(&Stub::MergeContacts, outdated).reason(), "ETAG_MISMATCH");
  auto picked = Merging(ada, {other});
  auto& pick = *picked.add_picks();
  pick.set_field("tags");
  pick.set_source(other);
  EXPECT_THAT(server_.Call(&Stub::MergeContacts, picked).fields(), ElementsAre("picks[0].field"));
  EXPECT_EQ(Get(ada)->etag(), "1");
  EXPECT_EQ(Get(other)->etag(), "1");

  // Each means the other one already.
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  EXPECT_EQ(Merge(other, {ada}).reason(), "MERGE_WITH_ITSELF");
  EXPECT_EQ(Merge(other, {other}).reason(), "MERGE_WITH_ITSELF");
  EXPECT_EQ(Merge(ada, {other})->etag(), "2");  // it is so already
}

TEST_F(MergeContacts, RefusesMoreThanAFieldHolds) {
  std::string tags[2];
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&tags[0], "tags: 'a", i, "' ");
    absl::StrAppend(&tags[1], "tags: 'b", i, "' ");
  }
  const std::string ada = Create("first_name: 'Ada' " + tags[0]);
  const std::string other = Create("first_name: 'A.' " + tags[1]);
  const auto refused = Merge(ada, {other});
  EXPECT_EQ(refused.reason(), "MERGE_TOO_LARGE");
  EXPECT_EQ(refused.metadata("field"), "tags");
  EXPECT_EQ(refused.metadata("most"), "50");
}

TEST_F(MergeContacts, ShowsBeforehandWhatItMakes) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A." last_name: "Lovelace" job_title: "C")pb");
  v1::PreviewMergeContactsRequest request;
  request.set_name(ada);
  request.add_merged(other);
  auto& pick = *request.add_picks();
  pick.set_field("first_name");
  pick.set_source(other);
  const std::string sequence = Get(ada).sequence;
  const auto shown = server_.Call(&Stub::PreviewMergeContacts, request);
  ASSERT_EQ(shown.reason(), "");
  EXPECT_EQ(shown->contact().display_name(), "A. Lovelace");
  EXPECT_EQ(shown->contact().job_title(), "C");
  std::vector<std::string> taken;
  for (const auto& field : shown->taken()) taken.push_back(field.field());
  EXPECT_THAT(taken, UnorderedElementsAre("first_name", "last_name", "display_name", "job_title"));
  EXPECT_EQ(Get(other)->name(), other);
  EXPECT_EQ(Get(ada)->etag(), "1");
  EXPECT_EQ(Get(ada).sequence, sequence);
}

TEST_F(MergeContacts, MovesExternalIdsWithTheRecord) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(
    first_name: "A."
    external_ids { system: "billing" id: "7" })pb");
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  // Found by it, the one that stays is changed.
  v1::UpdateContactRequest request;
  *request.mutable_contact() = Proto<v1::Contact>(R"pb(
    external_ids { system: "billing" id: "7" }
    job_title: "Countess")pb");
  request.set_allow_missing(true);
  const auto found = server_.Call(&Stub::UpdateContact, request);
  ASSERT_EQ(found.reason(), "");
  EXPECT_EQ(found->name(), ada);
  v1::CreateContactRequest taken;
  *taken.mutable_contact() = Proto<v1::Contact>(R"pb(
    first_name: "B"
    external_ids { system: "billing" id: "7" })pb");
  EXPECT_EQ(server_.Call(&Stub::CreateContact, taken).reason(), "EXTERNAL_ID_TAKEN");
  // And goes back with it.
  ASSERT_EQ(Unmerge(other).reason(), "");
  EXPECT_EQ(Get(ada)->external_ids_size(), 0);
  EXPECT_EQ(Get(other)->external_ids_size(), 1);
}

TEST_F(MergeContacts, IsNotUndoneByTheNameOfTheOneThatStays) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  EXPECT_EQ(Unmerge(ada).reason(), "") << "nothing is merged: as it is already";
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  const auto refused = Unmerge(ada);
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre("name"));
  EXPECT_THAT(refused.status.error_message(), ::testing::HasSubstr(other));
  EXPECT_EQ(Get(other)->name(), ada);
}

TEST_F(MergeContacts, DoesNotGiveBackWhatAThirdHasMeanwhile) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(
    first_name: "A."
    external_ids { system: "billing" id: "7" })pb");
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  v1::UpdateContactRequest without;
  without.mutable_contact()->set_name(ada);
  without.mutable_update_mask()->add_paths("external_ids");
  ASSERT_EQ(server_.Call(&Stub::UpdateContact, without).reason(), "");
  const std::string third = Create(R"pb(
    first_name: "T"
    external_ids { system: "billing" id: "7" })pb");
  const auto refused = Unmerge(other);
  EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(refused.metadata("contact"), third);
  EXPECT_EQ(Get(other)->name(), ada);
}

TEST_F(MergeContacts, FindsWhatOthersRecordedUnderAnyName) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "Augusta")pb");
  const std::string third = Create(R"pb(first_name: "Third")pb");
  CreateDeal("of ada", ada);
  CreateDeal("of other", other);
  CreateDeal("of third", third);
  const std::string before = Get(ada).token;
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  for (const std::string& name : {ada, other}) {
    EXPECT_THAT(DealsOf(absl::StrCat("contact = \"", name, "\"")),
                UnorderedElementsAre("of ada", "of other"));
    EXPECT_THAT(DealsOf(absl::StrCat("contact != \"", name, "\"")), ElementsAre("of third"));
    EXPECT_THAT(DealsOf(absl::StrCat("contact in (\"", name, "\", \"", third, "\")")),
                UnorderedElementsAre("of ada", "of other", "of third"));
  }
  EXPECT_THAT(DealsOf("contact = Ada"), UnorderedElementsAre("of ada", "of other"));
  EXPECT_THAT(DealsOf("contact = " + other.substr(9)), UnorderedElementsAre("of ada", "of other"));
  // As it was, each had its own.
  EXPECT_THAT(DealsOf(absl::StrCat("contact = \"", ada, "\""), before), ElementsAre("of ada"));
  ASSERT_EQ(Unmerge(other).reason(), "");
  EXPECT_THAT(DealsOf(absl::StrCat("contact = \"", other, "\"")), ElementsAre("of other"));
}

TEST_F(MergeContacts, JoinsTimelinesAndProfiles) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  Record(ada, "1");
  Record(other, "2");
  Record(ada, "3", {other});  // about both
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  Record(other, "4");
  for (const std::string& name : {ada, other}) {
    for (const int page_size : {1, 2, 50}) {
      EXPECT_THAT(Timeline(name, page_size), ElementsAre("4", "3", "2", "1"));
    }
    interactions::v1::SummarizeTimelineRequest summary;
    summary.set_parent(name);
    const auto counted = server_.Call(&Interactions::SummarizeTimeline, summary);
    ASSERT_EQ(counted->kinds_size(), 1);
    EXPECT_EQ(counted->kinds(0).count(), 4);
    profiles::v1::GetContactProfileRequest profile;
    profile.set_name(name);
    const auto told = server_.Call(&Profiles::GetContactProfile, profile);
    ASSERT_EQ(told.reason(), "");
    EXPECT_EQ(told->contact().name(), ada);
    EXPECT_EQ(told->interactions().kinds(0).count(), 4);
    EXPECT_TRUE(told->left_out().empty());
  }
  ASSERT_EQ(Unmerge(other).reason(), "");
  EXPECT_THAT(Timeline(ada), ElementsAre("3", "1"));
  EXPECT_THAT(Timeline(other), ElementsAre("4", "3", "2"));
}

TEST_F(MergeContacts, IsTakenApartAndBothAreWhatTheyWouldBe) {
  const std::string ada = Create(R"pb(first_name: "Ada" tags: "a")pb");
  const std::string other = Create(R"pb(first_name: "A." last_name: "L." tags: "b")pb");
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  ASSERT_EQ(Update(ada, R"pb(tags: "a" tags: "b" tags: "new")pb").reason(), "");
  ASSERT_EQ(Update(other, R"pb(job_title: "Countess")pb").reason(), "");
  const auto back = Unmerge(other);
  ASSERT_EQ(back.reason(), "");
  EXPECT_EQ(back->name(), other);
  EXPECT_EQ(back->merged_into(), "");
  EXPECT_EQ(back->display_name(), "A. L.");
  EXPECT_EQ(back->job_title(), "Countess");
  EXPECT_THAT(back->tags(), ElementsAre("b"));
  const auto stayed = Get(ada);
  EXPECT_EQ(stayed->display_name(), "Ada");
  EXPECT_EQ(stayed->job_title(), "");
  EXPECT_THAT(stayed->tags(), ElementsAre("a", "new"));
  EXPECT_THAT(stayed->merged(), IsEmpty());
  EXPECT_THAT(Listed(), UnorderedElementsAre(ada, other));
  EXPECT_EQ(Get(other)->resolved_from(), "");
  // Once more changes nothing.
  EXPECT_EQ(Unmerge(other)->etag(), back->etag());
  server_.Restart(true);
  EXPECT_THAT(Get(ada)->tags(), ElementsAre("a", "new"));
  EXPECT_THAT(Get(other)->tags(), ElementsAre("b"));
}

TEST_F(MergeContacts, MergesWhatIsMerged) {
  const std::string a = Create(R"pb(first_name: "A" tags: "a")pb");
  const std::string b = Create(R"pb(first_name: "B" tags: "b")pb");
  const std::string c = Create(R"pb(first_name: "C" tags: "c")pb");
  ASSERT_EQ(Merge(a, {b}).reason(), "");
  ASSERT_EQ(Merge(c, {a}).reason(), "");
  EXPECT_EQ(Get(b)->name(), c);
  EXPECT_EQ(Get(b)->resolved_from(), b);
  EXPECT_THAT(Get(a)->tags(), ElementsAre("c", "a", "b"));
  // It stands in one that is merged itself.
  const auto further = Unmerge(b);
  EXPECT_EQ(further.reason(), "MERGED_FURTHER");
  EXPECT_EQ(further.metadata("survivor"), a);
  ASSERT_EQ(Unmerge(a).reason(), "");
  EXPECT_THAT(Get(b)->tags(), ElementsAre("a", "b"));
  EXPECT_THAT(Get(c)->tags(), ElementsAre("c"));
  ASSERT_EQ(Unmerge(b).reason(), "");
  EXPECT_THAT(Get(a)->tags(), ElementsAre("a"));
}

TEST_F(MergeContacts, LetsOneOfTwoWin) {
  for (int round = 0; round < 10; ++round) {
    const std::string a = Create(R"pb(first_name: "A")pb");
    const std::string b = Create(R"pb(first_name: "B")pb");
    std::string reasons[2];
    std::thread one(
        [&] { reasons[0] = server_.Call(&Stub::MergeContacts, Merging(a, {b})).reason(); });
    std::thread other(
        [&] { reasons[1] = server_.Call(&Stub::MergeContacts, Merging(b, {a})).reason(); });
    one.join();
    other.join();
    EXPECT_THAT(reasons, UnorderedElementsAre("", "MERGE_WITH_ITSELF"));
    EXPECT_THAT(Get(a)->name(), AnyOf(a, b));
    EXPECT_EQ(Get(a)->name(), Get(b)->name());
  }
}

TEST_F(MergeContacts, TakesNobodyWhoWasMergedIntoAnotherSince) {
  const std::string a = Create(R"pb(first_name: "A")pb");
  const std::string b = Create(R"pb(first_name: "B")pb");
  const std::string c = Create(R"pb(first_name: "C")pb");
  ASSERT_EQ(Merge(a, {b}).reason(), "");
  const auto refused = Merge(c, {b});
  EXPECT_EQ(refused.reason(), "MERGED_FURTHER");
  EXPECT_EQ(refused.metadata("name"), b);
  EXPECT_EQ(refused.metadata("survivor"), a);
  EXPECT_EQ(Get(b)->name(), a);
  // The one that stays may be called by any of its names.
  const auto merged = Merge(b, {c});
  EXPECT_EQ(merged->name(), a);
  EXPECT_EQ(merged->resolved_from(), b);
  EXPECT_THAT(merged->merged(), ElementsAre(b, c));
}

TEST_F(MergeContacts, LetsOneOfTwoHaveWhomBothWant) {
  for (int round = 0; round < 10; ++round) {
    const std::string a = Create(R"pb(first_name: "A")pb");
    const std::string b = Create(R"pb(first_name: "B")pb");
    const std::string c = Create(R"pb(first_name: "C")pb");
    std::string reasons[2];
    std::thread one(
        [&] { reasons[0] = server_.Call(&Stub::MergeContacts, Merging(a, {b})).reason(); });
    std::thread other(
        [&] { reasons[1] = server_.Call(&Stub::MergeContacts, Merging(c, {b})).reason(); });
    one.join();
    other.join();
    EXPECT_THAT(reasons, UnorderedElementsAre("", "MERGED_FURTHER"));
    EXPECT_EQ(Get(b)->name(), reasons[0].empty() ? a : c);
  }
}

// Goal: an update that is acknowledged while its record is merged is lost neither in the one that
// stays nor in the one that is taken out again.
TEST_F(MergeContacts, LosesNoUpdateThatRacesIt) {
  const std::string a = Create(R"pb(first_name: "A")pb");
  const std::string b = Create(R"pb(first_name: "B")pb");
  std::vector<std::string> tags;
  std::thread writer([&] {
    for (int i = 0; i < 40; ++i) {
      const std::string tag = absl::StrCat("tag ", i);
      v1::UpdateContactRequest request;
      request.mutable_contact()->set_name(b);
      request.mutable_update_mask()->add_paths("tags");
      for (const std::string& each : tags) request.mutable_contact()->add_tags(each);
      request.mutable_contact()->add_tags(tag);
      const auto updated = server_.Call(&Stub::UpdateContact, request);
      EXPECT_EQ(updated.reason(), "");
      tags.push_back(tag);
    }
  });
  EXPECT_EQ(server_.Call(&Stub::MergeContacts, Merging(a, {b})).reason(), "");
  writer.join();
  EXPECT_THAT(Get(a)->tags(), UnorderedElementsAreArray(tags));
  ASSERT_EQ(Unmerge(b).reason(), "");
  EXPECT_THAT(Get(b)->tags(), UnorderedElementsAreArray(tags));
  EXPECT_THAT(Get(a)->tags(), IsEmpty());
}

TEST_F(MergeContacts, TakesTwentyAtOnce) {
  const std::string a = Create(R"pb(first_name: "A" tags: "a")pb");
  std::vector<std::string> others;
  std::vector<std::string> tags = {"a"};
  for (int i = 0; i < 20; ++i) {
    tags.push_back(absl::StrCat("t", i));
    others.push_back(Create(absl::StrCat("first_name: 'B' tags: '", tags.back(), "'")));
  }
  const auto merged = Merge(a, others);
  ASSERT_EQ(merged.reason(), "");
  EXPECT_THAT(merged->tags(), ElementsAreArray(tags));
  EXPECT_THAT(Listed(), ElementsAre(a));
  ASSERT_EQ(Unmerge(others[7]).reason(), "");
  EXPECT_EQ(Get(a)->merged_size(), 19);
  EXPECT_THAT(Get(others[7])->tags(), ElementsAre("t7"));
}

TEST_F(MergeContacts, ShowsNobodyMoreThanTheySaw) {
  const testing::Member rep = testing::AddMember(server_, "Marta", "roles/sales-rep");
  const std::string another = testing::AddUser(server_, "Mira", "roles/sales-rep");
  const std::string hidden =
      Create(absl::StrCat("first_name: 'Ada' tags: 'secret' owner: '", another, "'"));
  const std::string own = Create(absl::StrCat("first_name: 'A.' owner: '", rep.name, "'"));
  const auto get = [&](const std::string& name) {
    v1::GetContactRequest request;
    request.set_name(name);
    return server_.CallWith(rep.secret, &Stub::GetContact, request);
  };
  // Who sees one of two can neither merge them nor is told of the other.
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::MergeContacts, Merging(own, {hidden})).reason(),
            "CONTACT_NOT_FOUND");
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::MergeContacts, Merging(hidden, {own})).reason(),
            "CONTACT_NOT_FOUND");
  ASSERT_EQ(Merge(hidden, {own}).reason(), "");
  EXPECT_EQ(get(own).reason(), "CONTACT_NOT_FOUND");
  v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(own);
  update.mutable_contact()->set_job_title("Countess");
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::UpdateContact, update).reason(),
            "CONTACT_NOT_FOUND");
  v1::UnmergeContactRequest unmerge;
  unmerge.set_name(own);
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::UnmergeContact, unmerge).reason(),
            "CONTACT_NOT_FOUND");
  ASSERT_EQ(Unmerge(own).reason(), "");
  EXPECT_EQ(get(own).reason(), "");
}

TEST_F(MergeContacts, HidesWhatIsPersonalOfWhomIsErasedUnderAnyName) {
  const std::string ada = Create(R"pb(first_name: "Ada" tags: "a")pb");
  const std::string other = Create(R"pb(last_name: "Lovelace" tags: "b")pb");
  ASSERT_EQ(Merge(ada, {other}).reason(), "");
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), other).ok());
  for (const bool rebuilt : {false, true}) {
    SCOPED_TRACE(rebuilt);
    if (rebuilt) server_.Restart(true);
    for (const std::string& name : {ada, other}) {
      const auto got = Get(name);
      ASSERT_EQ(got.reason(), "");
      EXPECT_EQ(got->last_name(), "");
      EXPECT_THAT(got->tags(), ElementsAre("a", "b"));
    }
  }
}

TEST_F(MergeContacts, KnowsNobodyOfAnotherWorkspace) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  workspaces::v1::CreateWorkspaceRequest workspace;
  workspace.mutable_workspace()->set_display_name("Another");
  const auto other = server_.Call(&Workspaces::CreateWorkspace, workspace);
  ASSERT_EQ(other.reason(), "");
  v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const auto there = server_.CallWith(other->secret(), &Stub::CreateContact, create);
  ASSERT_EQ(there.reason(), "");
  EXPECT_EQ(Merge(ada, {there->name()}).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(server_.CallWith(other->secret(), &Stub::MergeContacts, Merging(there->name(), {ada}))
                .reason(),
            "CONTACT_NOT_FOUND");
}

TEST_F(MergeContacts, IsProposedByWhatTwoHaveInCommon) {
  const std::string ada = Create(R"pb(
    first_name: "Ada"
    last_name: "Lovelace"
    company_name: "Analytical"
    emails { address: "ada@a.example" }
    phones { raw: "+49 30 901820" })pb");
  const std::string mail = Create(R"pb(
    first_name: "A."
    job_title: "C"
    emails { address: "ADA@A.example" })pb");
  const std::string phone = Create(R"pb(first_name: "P"
                                        phones { raw: "+4930901820" })pb");
  const std::string namesake =
      Create(R"pb(
        first_name: "ada" last_name: "LOVELACE" company_name: "analytical")pb");
  Create(R"pb(first_name: "Ada" last_name: "Lovelace" company_name: "Another")pb");
  Create(R"pb(first_name: "Adalbert"
              emails { address: "other@a.example" })pb");
  v1::FindContactDuplicatesRequest request;
  request.set_name(ada);
  const auto found = server_.Call(&Stub::FindContactDuplicates, request);
  ASSERT_EQ(found.reason(), "");
  std::vector<std::string> told;
  for (const auto& each : found->duplicates()) {
    told.push_back(absl::StrCat(each.contact().name(), " ",
                                kith::type::v1::MatchReason_Name(each.reasons(0))));
  }
  EXPECT_THAT(told, UnorderedElementsAre(mail + " SAME_EMAIL", phone + " SAME_PHONE",
                                         namesake + " SAME_NAME_AND_COMPANY"));
  // The other way round it is the same.
  request.set_name(namesake);
  const auto back = server_.Call(&Stub::FindContactDuplicates, request);
  ASSERT_EQ(back->duplicates_size(), 1);
  EXPECT_EQ(back->duplicates(0).contact().name(), ada);
  // What is merged is proposed no more.
  ASSERT_EQ(Merge(ada, {mail, phone, namesake}).reason(), "");
  request.set_name(phone);
  EXPECT_EQ(server_.Call(&Stub::FindContactDuplicates, request)->duplicates_size(), 0);
}

TEST_F(MergeContacts, ListsAllThatMayBeTheSame) {
  const std::string ada = Create(R"pb(first_name: "Ada"
                                      emails { address: "ada@a.example" })pb");
  Create(R"pb(first_name: "Nobody's")pb");
  const std::string full = Create(R"pb(
    first_name: "Ada"
    job_title: "C"
    emails { address: "Ada@a.example" }
    phones { raw: "+49 30 901820" })pb");
  const std::string phone = Create(R"pb(first_name: "P"
                                        phones { raw: "+4930901820" })pb");
  for (const int page_size : {1, 50}) {
    std::vector<std::vector<std::string>> groups;
    v1::ListContactDuplicatesRequest request;
    request.set_page_size(page_size);
    do {
      const auto page = server_.Call(&Stub::ListContactDuplicates, request);
      ASSERT_EQ(page.reason(), "");
      for (const auto& group : page->groups()) {
        groups.emplace_back();
        for (const auto& contact : group.contacts()) groups.back().push_back(contact.name());
        EXPECT_EQ(group.reasons_size(), 1);
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    // Each pair once, the one that says most first.
    EXPECT_THAT(groups, ElementsAre(ElementsAre(full, ada), ElementsAre(full, phone)));
  }
  ASSERT_EQ(Merge(full, {ada, phone}).reason(), "");
  const auto none = server_.Call(&Stub::ListContactDuplicates, v1::ListContactDuplicatesRequest());
  EXPECT_EQ(none->groups_size(), 0);
}

TEST_F(MergeContacts, NeedsThePermissionToChangeContacts) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb");
  const std::string other = Create(R"pb(first_name: "A.")pb");
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("reads");
  key.mutable_api_key()->add_permissions("contacts.read");
  const std::string secret = server_.Call(&Workspaces::CreateApiKey, key)->secret();
  EXPECT_EQ(server_.CallWith(secret, &Stub::MergeContacts, Merging(ada, {other})).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(Get(other)->name(), other);
}

}  // namespace
}  // namespace kith::contacts
