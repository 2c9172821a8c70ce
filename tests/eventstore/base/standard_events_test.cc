#include "eventstore/base/standard_events.h"

#include "gtest/gtest.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"

namespace kith {
namespace {

const absl::Time kThen = absl::FromUnixSeconds(1'500'000'000);

contacts::v1::ContactEvent Updated() {
  contacts::v1::ContactEvent event;
  auto& updated = *event.mutable_contact_updated();
  updated.set_name("contacts/1");
  updated.mutable_contact()->set_owner("users/2");
  updated.mutable_contact()->set_department("not in the mask");
  updated.mutable_personal()->set_notes("new");
  for (const char* path : {"owner", "notes", "company_name", "of_a_later_version"}) {
    updated.mutable_update_mask()->add_paths(path);
  }
  return event;
}

TEST(FoldStandardEvent, CreatesFromClearAndPersonalFields) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_created()->set_name("contacts/1");
  event.mutable_contact_created()->mutable_contact()->set_owner("users/1");
  event.mutable_contact_created()->mutable_personal()->set_first_name("Ada");
  contacts::v1::Contact contact;
  contact.set_notes("of a contact before");
  EXPECT_EQ(FoldStandardEvent({event, Revision(1), kThen}, contact), StandardEvent::kCreated);
  EXPECT_EQ(contact.name(), "contacts/1");
  EXPECT_EQ(contact.owner(), "users/1");
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_EQ(contact.notes(), "");
  EXPECT_EQ(contact.etag(), "1");
  EXPECT_EQ(contact.create_time().seconds(), 1'500'000'000);
  EXPECT_EQ(contact.update_time().seconds(), 1'500'000'000);
  EXPECT_FALSE(contact.erased());
}

TEST(FoldStandardEvent, ChangesTheFieldsInTheMaskAndNoOthers) {
  contacts::v1::Contact contact;
  contact.set_first_name("Ada");
  contact.set_company_name("emptied");
  contact.set_notes("old");
  EXPECT_EQ(FoldStandardEvent({Updated(), Revision(7), kThen}, contact), StandardEvent::kUpdated);
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_EQ(contact.owner(), "users/2");
  EXPECT_EQ(contact.notes(), "new");
  EXPECT_EQ(contact.company_name(), "");
  EXPECT_EQ(contact.department(), "");
  EXPECT_EQ(contact.etag(), "7");
}

TEST(FoldStandardEvent, EmptiesPersonalFieldsThatCannotBeReadAnyMore) {
  contacts::v1::ContactEvent event = Updated();
  event.mutable_contact_updated()->clear_personal();
  contacts::v1::Contact contact;
  contact.set_notes("old");
  FoldStandardEvent({event, Revision(7), kThen, /*erased=*/true}, contact);
  EXPECT_EQ(contact.notes(), "");
  EXPECT_EQ(contact.owner(), "users/2");
  EXPECT_TRUE(contact.erased());
}

TEST(FoldStandardEvent, LeavesTheFieldsOfWhatWasDeleted) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_deleted()->set_name("contacts/1");
  contacts::v1::Contact contact;
  contact.set_first_name("Ada");
  EXPECT_EQ(FoldStandardEvent({event, Revision(3), kThen}, contact), StandardEvent::kDeleted);
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_EQ(contact.etag(), "3");
}

TEST(FoldStandardEvent, SaysWhenItWasDeletedUntilItComesBack) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_deleted()->set_name("contacts/1");
  contacts::v1::Contact contact;
  contact.set_first_name("Ada");
  FoldStandardEvent({event, Revision(3), kThen}, contact);
  EXPECT_EQ(contact.delete_time().seconds(), 1'500'000'000);
  event.mutable_contact_undeleted()->set_name("contacts/1");
  EXPECT_EQ(FoldStandardEvent({event, Revision(4), kThen}, contact), StandardEvent::kUndeleted);
  EXPECT_FALSE(contact.has_delete_time());
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_EQ(contact.etag(), "4");
}

TEST(FoldStandardEvent, MovesTheEtagByEveryEventOfTheStream) {
  deals::v1::DealEvent event;
  event.mutable_deal_won()->set_name("deals/1");
  deals::v1::Deal deal;
  EXPECT_EQ(FoldStandardEvent({event, Revision(4), kThen}, deal), StandardEvent::kOther);
  EXPECT_EQ(deal.etag(), "4");
  EXPECT_EQ(deal.update_time().seconds(), 1'500'000'000);
}

TEST(FoldStandardEvent, KeepsTheNameOfAResourceThatBringsItInItself) {
  deals::v1::DealEvent event;
  event.mutable_deal_created()->mutable_deal()->set_name("deals/1");
  deals::v1::Deal deal;
  EXPECT_EQ(FoldStandardEvent({event, Revision(1), kThen}, deal), StandardEvent::kCreated);
  EXPECT_EQ(deal.name(), "deals/1");
}

TEST(KindOf, TellsTheNounsOfOneStreamApart) {
  deals::v1::PipelineEvent stage;
  stage.mutable_stage_updated();
  EXPECT_EQ(KindOf(stage, *deals::v1::Pipeline::descriptor()), StandardEvent::kOther);
  deals::v1::PipelineEvent pipeline;
  pipeline.mutable_pipeline_updated();
  EXPECT_EQ(KindOf(pipeline, *deals::v1::Pipeline::descriptor()), StandardEvent::kUpdated);
  workspaces::v1::WorkspaceEvent key;
  key.mutable_api_key_created();
  EXPECT_EQ(KindOf(key, *workspaces::v1::Workspace::descriptor()), StandardEvent::kOther);
  EXPECT_EQ(KindOf(key, *workspaces::v1::ApiKey::descriptor()), StandardEvent::kCreated);
}

}  // namespace
}  // namespace kith
