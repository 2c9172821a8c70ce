#include "projections/contacts/contact_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/contacts/contact_events.h"
#include "tests/testing/view_spec.h"

namespace kith::contacts {
namespace {

using eventstore::ReadTier;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ViewSpec;

ViewSpec NewSpec() { return ViewSpec::Of<ContactDirectory>().Takes<v1::ContactEvent>("contacts"); }

std::vector<std::string> Find(const projections::ViewSnapshot& directory, absl::string_view filter,
                              absl::string_view order_by = "") {
  const auto page = ContactDirectory::Contacts().List(directory, WorkspaceId(1),
                                                      {.filter = filter, .order_by = order_by});
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  if (page.ok()) {
    for (const v1::Contact& contact : page->rows) names.push_back(contact.name());
  }
  return names;
}

std::optional<v1::Contact> Get(const projections::ViewSnapshot& directory,
                               const std::string& name) {
  const auto row =
      ContactDirectory::Contacts().Get(directory, WorkspaceId(1), name, ReadTier::kDisk);
  EXPECT_TRUE(row.ok()) << row.status();
  return row.value_or(std::nullopt);
}

TEST(ContactDirectory, ShowsAContactWithItsPersonalFields) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  spec.Given("contacts/1", Created(ada));
  ada.set_notes("Prefers letters");
  ada.set_owner("users/1");
  spec.Given("contacts/1", Updated(ada, {"notes", "owner"}));

  const auto contact = Get(spec.Then(), "contacts/1");
  ASSERT_TRUE(contact.has_value());
  EXPECT_EQ(contact->display_name(), "Ada");
  EXPECT_EQ(contact->notes(), "Prefers letters");
  EXPECT_EQ(contact->owner(), "users/1");
  EXPECT_EQ(contact->etag(), "2");
  EXPECT_LT(contact->create_time().seconds(), contact->update_time().seconds());
  EXPECT_FALSE(contact->erased());
}

TEST(ContactDirectory, FindsAContactByAnyOfItsAddresses) {
  ViewSpec spec = NewSpec();
  spec.Given("contacts/1", Created(WithEmails(ContactIn("contacts/1", "Ada"),
                                              {"Ada@Example.org", "ada@Bücher.example"})))
      .Given("contacts/2",
             Created(WithEmails(ContactIn("contacts/2", "Bob"), {"bob@example.org"})));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(email = "ada@example.org")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(email = " ADA@EXAMPLE.ORG.")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(email = "ada@xn--bcher-kva.example")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(email = "Bob@*")"), ElementsAre("contacts/2"));
  EXPECT_THAT(Find(directory, R"(email = "eve@example.org")"), IsEmpty());
}

TEST(ContactDirectory, ForgetsAnAddressThatWasTakenAwayButNotBefore) {
  ViewSpec spec = NewSpec();
  const v1::Contact ada = WithEmails(ContactIn("contacts/1", "Ada"), {"old@example.org"});
  spec.Given("contacts/1", Created(ada));
  const Position before = spec.last();
  spec.Given("contacts/1", Updated(WithEmails(ada, {"new@example.org"}), {"emails"}));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(email = "old@example.org")"), IsEmpty());
  EXPECT_THAT(Find(directory, R"(email = "new@example.org")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(spec.As(before), R"(email = "old@example.org")"), ElementsAre("contacts/1"));
}

TEST(ContactDirectory, FindsAContactByAnyNumberHoweverItIsWritten) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  ada.add_phones()->set_raw("030 901820");
  ada.mutable_phones(0)->set_e164("+4930901820");
  ada.add_phones()->set_raw("ext. 12-34");
  spec.Given("contacts/1", Created(ada));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(phone = "+4930901820")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(phone = "+49 (30) 90-18-20")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(phone = "1234")"), ElementsAre("contacts/1"));
}

TEST(ContactDirectory, FindsAContactByWhatAnotherSystemCallsIt) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  ada.add_external_ids()->set_system("billing");
  ada.mutable_external_ids(0)->set_id("4711");
  spec.Given("contacts/1", Created(ada));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(external_id = "billing:4711")"), ElementsAre("contacts/1"));
  EXPECT_THAT(Find(directory, R"(external_id = "shop:4711")"), IsEmpty());
}

TEST(ContactDirectory, SaysWhereAnExternalIdCanBelongToNobody) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  ada.add_external_ids()->set_system("billing");
  ada.mutable_external_ids(0)->set_id("47:11");
  spec.Given("contacts/1", Created(ada));
  const auto directory = spec.Then();
  for (const absl::string_view filter :
       {R"(external_id = "5")", R"(external_id != "5")", R"(external_id : "5")",
        R"(external_id in ("billing:1", "5"))", R"(NOT external_id = "billing:")",
        R"(external_id = ":5")"}) {
    const auto refused =
        ContactDirectory::Contacts().List(directory, WorkspaceId(1), {.filter = filter}).status();
    EXPECT_TRUE(IsError(refused, type::v1::ERROR_INVALID_FILTER)) << filter << refused;
    EXPECT_THAT(refused.message(), HasSubstr("of the form \"system:id\"")) << filter;
  }
  for (const absl::string_view filter :
       {R"(external_id = "billing:47:11")", R"(external_id = "bill*")",
        R"(external_id = "billing:*")", R"(external_id != ":legacy:5")", R"(external_id > "a")",
        R"(contains(external_id, "7:1"))", "external_id:*", R"(external_id != "")"}) {
    EXPECT_THAT(Find(directory, filter), ElementsAre("contacts/1")) << filter;
  }
}

// How many were looked at would tell that there is one with such an address.
TEST(ContactDirectory, KeepsSilentOfTheErasedAlsoWhereItExplains) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  ada.add_emails()->set_address("ada@example.org");
  spec.Given("contacts/1", Created(ada));
  const auto directory = spec.Then();
  const std::function<bool(absl::string_view)> erased = [](absl::string_view) { return true; };
  type::v1::SummaryOptions summarise;
  summarise.set_total_size(true);
  summarise.set_explain(true);
  for (const auto* told : {&erased, static_cast<decltype(&erased)>(nullptr)}) {
    type::v1::ListSummary summary;
    ASSERT_TRUE(ContactDirectory::Contacts()
                    .List(directory, WorkspaceId(1),
                          {.filter = R"(email = "ada@example.org")",
                           .erased = told,
                           .summarise = &summarise,
                           .summary = &summary})
                    .ok());
    EXPECT_EQ(summary.total_size(), told == nullptr ? 1 : 0);
    EXPECT_EQ(summary.plan().looked_at(), told == nullptr ? 1 : 0);
  }
}

TEST(ContactDirectory, FindsNamesByTheirBeginningWithoutCaseOrAccents) {
  ViewSpec spec = NewSpec();
  spec.Given("contacts/1", Created(ContactIn("contacts/1", "Zoë Ångström")))
      .Given("contacts/2", Created(ContactIn("contacts/2", "zoe Adams")))
      .Given("contacts/3", Created(ContactIn("contacts/3", "Bob")));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(display_name = "ZOE*")", "display_name"),
              ElementsAre("contacts/2", "contacts/1"));
  EXPECT_THAT(Find(directory, R"(display_name = "Zoe Angstrom")"), ElementsAre("contacts/1"));
}

TEST(ContactDirectory, ListsAnOwnersContactsOfAStageByName) {
  ViewSpec spec = NewSpec();
  for (const auto& [name, display, owner, stage] :
       {std::tuple("contacts/1", "Cleo", "users/1", v1::CUSTOMER),
        {"contacts/2", "Bob", "users/1", v1::CUSTOMER},
        {"contacts/3", "Ada", "users/1", v1::LEAD},
        {"contacts/4", "Dan", "users/2", v1::CUSTOMER}}) {
    v1::Contact contact = ContactIn(name, display);
    contact.set_owner(owner);
    contact.set_lifecycle_stage(stage);
    spec.Given(name, Created(contact));
  }
  const auto directory = spec.Then();
  EXPECT_THAT(
      Find(directory, R"(owner = "users/1" AND lifecycle_stage = CUSTOMER)", "display_name"),
      ElementsAre("contacts/2", "contacts/1"));
  EXPECT_THAT(Find(directory, R"(owner = "users/1")", "display_name"),
              ElementsAre("contacts/3", "contacts/2", "contacts/1"));
  EXPECT_THAT(Find(directory, "lifecycle_stage = CUSTOMER", "display_name desc"),
              ElementsAre("contacts/4", "contacts/1", "contacts/2"));
}

TEST(ContactDirectory, OrdersByTheTimeContactsCameIntoBeing) {
  ViewSpec spec = NewSpec();
  for (const char* name : {"contacts/2", "contacts/1", "contacts/3"}) {
    spec.Given(name, Created(ContactIn(name, "Somebody")));
  }
  EXPECT_THAT(Find(spec.Then(), "", "create_time desc"),
              ElementsAre("contacts/3", "contacts/1", "contacts/2"));
}

TEST(ContactDirectory, FindsTheContactsOfACompany) {
  ViewSpec spec = NewSpec();
  v1::Contact ada = ContactIn("contacts/1", "Ada");
  ada.set_company_name("Analytical Engines");
  spec.Given("contacts/1", Created(ada)).Given("contacts/2", Created(ContactIn("contacts/2", "B")));
  EXPECT_THAT(Find(spec.Then(), R"(company_name = "analytical engines")"),
              ElementsAre("contacts/1"));
}

TEST(ContactDirectory, LeavesOutADeletedContactButNotBefore) {
  ViewSpec spec = NewSpec();
  spec.Given("contacts/1",
             Created(WithEmails(ContactIn("contacts/1", "Ada"), {"ada@example.org"})));
  const Position before = spec.last();
  spec.Given("contacts/1", Deleted("contacts/1"));
  const auto directory = spec.Then();
  EXPECT_FALSE(Get(directory, "contacts/1").has_value());
  EXPECT_THAT(Find(directory, R"(email = "ada@example.org")"), IsEmpty());
  EXPECT_TRUE(Get(spec.As(before), "contacts/1").has_value());
}

TEST(ContactDirectory, KeepsWorkspacesApart) {
  ViewSpec spec = NewSpec();
  spec.Given("contacts/1", Created(ContactIn("contacts/1", "Ada")), {.workspace = WorkspaceId(2)});
  EXPECT_THAT(Find(spec.Then(), ""), IsEmpty());
}

// Without the person's key, what is built anew shows the clear fields and says that others are
// gone.
TEST(ContactDirectory, SaysWhichContactsWereErased) {
  ViewSpec spec = NewSpec();
  testing::ViewFixture& fixture = spec.fixture();
  v1::Contact ada = WithEmails(ContactIn("contacts/1", "Ada"), {"ada@example.org"});
  ada.set_owner("users/1");
  const Position last = fixture.Append("contacts/1", Created(ada));
  ASSERT_TRUE(fixture.keys().Destroy(WorkspaceId(1), "contacts/1").ok());

  const auto store = fixture.Open("erased");
  projections::View& view = store->Find(ContactDirectory::kName);
  ASSERT_TRUE(testing::WaitFor(view, last).ok());
  const auto contact = Get(view.At(last), "contacts/1");
  ASSERT_TRUE(contact.has_value());
  EXPECT_TRUE(contact->erased());
  EXPECT_EQ(contact->owner(), "users/1");
  EXPECT_EQ(contact->display_name(), "");
  EXPECT_THAT(Find(view.At(last), R"(email = "ada@example.org")"), IsEmpty());
}

}  // namespace
}  // namespace kith::contacts
