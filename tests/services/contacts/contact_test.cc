#include "services/contacts/contact.h"

#include "kith/contacts/v1/contacts_errors.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/resource_spec.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Appends;
using ::kith::testing::ChangesNothing;
using ::kith::testing::ClaimsIn;
using ::kith::testing::DeciderSpec;
using ::kith::testing::DecideStandard;
using ::kith::testing::Given;
using ::kith::testing::IsRejectedWith;
using ::kith::testing::MetadataOf;
using ::kith::testing::Proto;
using ::kith::testing::ViolatedFields;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ContactState = ContactAggregate::State;
// Those that ever claimed an address that a command adds.
using Claimants = std::vector<const ContactState*>;

std::vector<ResourceNow> NowOfAll(const Claimants& claimants) {
  std::vector<ResourceNow> all;
  for (const ContactState* const claimant : claimants) all.push_back(NowOf(*claimant));
  return all;
}
Decision Decide(const Claimants& claimants, LinkedRecords linked,
                const v1::CreateContactRequest& command, const CommandContext& context) {
  return DecideStandard(Rules(), {}, command, context, linked, NowOfAll(claimants));
}
Decision Decide(const ContactState& state, const Claimants& claimants, LinkedRecords linked,
                const v1::UpdateContactRequest& command, const CommandContext& context) {
  return DecideStandard(Rules(), NowOf(state), command, context, linked, NowOfAll(claimants));
}
Decision Decide(const ContactState& state, const v1::DeleteContactRequest& command,
                const CommandContext& context) {
  return DecideStandard(Rules(), NowOf(state), command, context);
}
ContactState Evolve(ContactState state, const Recorded<v1::ContactEvent>& recorded) {
  return kith::Evolve(std::move(state), recorded);
}

const std::string kAda = "contacts/ada";
const std::string kBob = "contacts/bob";

const LinkedRecord kThere{Lifecycle::kActive};

v1::ContactEvent Created(absl::string_view name, absl::string_view personal) {
  auto event = Proto<v1::ContactEvent>(
      R"pb(contact_created { contact { lifecycle_stage: LEAD company_name: "Analytical" } })pb");
  event.mutable_contact_created()->set_name(std::string(name));
  *event.mutable_contact_created()->mutable_personal() = Proto<v1::Contact>(personal);
  return event;
}

v1::ContactEvent Deleted(absl::string_view name) {
  v1::ContactEvent event;
  event.mutable_contact_deleted()->set_name(std::string(name));
  return event;
}

ContactState Ada() {
  return Given<ContactAggregate>({Created(kAda, R"pb(
    first_name: "Ada"
    display_name: "Ada"
    emails { address: "Ada@Example.org" primary: true }
    external_ids { system: "billing" id: "7" })pb")});
}

ContactState Bob() {
  return Given<ContactAggregate>({Created(kBob, R"pb(
    first_name: "Bob"
    display_name: "Bob"
    emails { address: "bob@example.org" primary: true })pb")});
}

v1::CreateContactRequest Create(absl::string_view contact) {
  v1::CreateContactRequest command;
  *command.mutable_contact() = Proto<v1::Contact>(contact);
  return command;
}

v1::UpdateContactRequest Update(absl::string_view contact, absl::string_view mask = "") {
  v1::UpdateContactRequest command;
  *command.mutable_contact() = Proto<v1::Contact>(contact);
  command.mutable_contact()->set_name(kAda);
  *command.mutable_update_mask() = Proto<google::protobuf::FieldMask>(mask);
  return command;
}

v1::DeleteContactRequest Delete() {
  v1::DeleteContactRequest command;
  command.set_name(kAda);
  return command;
}

// --- CreateContact

TEST(CreateContact, KeepsAGivenLifecycleStage) {
  DeciderSpec spec;
  const Decision decision =
      Decide({}, {}, Create(R"pb(first_name: "Ada" lifecycle_stage: CUSTOMER)pb"), spec.context());
  ASSERT_TRUE(decision.ok());
  const auto& event = static_cast<const v1::ContactEvent&>(*decision->list().front().event);
  EXPECT_EQ(event.contact_created().contact().lifecycle_stage(), v1::CUSTOMER);
}

TEST(CreateContact, MakesTheFirstAddressAndNumberPrimary) {
  DeciderSpec spec;
  const Decision decision = Decide({}, {}, Create(R"pb(
                                     emails { address: "ada@example.org" }
                                     emails { address: "ada@home.example" }
                                     phones { raw: "+49 30 901820" }
                                     phones { raw: "+49 30 901821" })pb"),
                                   spec.context());
  ASSERT_TRUE(decision.ok());
  const auto& event = static_cast<const v1::ContactEvent&>(*decision->list().front().event);
  const v1::Contact& personal = event.contact_created().personal();
  EXPECT_TRUE(personal.emails(0).primary());
  EXPECT_FALSE(personal.emails(1).primary());
  EXPECT_TRUE(personal.phones(0).primary());
  EXPECT_FALSE(personal.phones(1).primary());
}

TEST(CreateContact, ReadsNumbersAsTheWorkspacesRegionWritesThem) {
  DeciderSpec spec;
  spec.settings.default_region = "DE";
  const Decision decision = Decide({}, {}, Create(R"pb(
                                     phones { raw: "030 901820" e164: "+1555" }
                                     phones { raw: "call the front desk" }
                                     phones { raw: "030 901820 ext. 34" }
                                     phones { raw: "+44 7700 900123" extension: "1" })pb"),
                                   spec.context());
  ASSERT_TRUE(decision.ok());
  const auto& event = static_cast<const v1::ContactEvent&>(*decision->list().front().event);
  const v1::Contact& personal = event.contact_created().personal();
  EXPECT_EQ(personal.phones(0).e164(), "+4930901820");
  EXPECT_EQ(personal.phones(1).raw(), "call the front desk");
  EXPECT_EQ(personal.phones(1).e164(), "");
  EXPECT_TRUE(personal.phones(1).invalid());
  EXPECT_EQ(personal.phones(2).e164(), "+4930901820");
  EXPECT_EQ(personal.phones(2).extension(), "34");
  EXPECT_FALSE(personal.phones(2).invalid());
  EXPECT_EQ(personal.phones(3).extension(), "");
  EXPECT_TRUE(personal.phones(3).invalid()) << "of a range that nobody has";
}

TEST(CreateContact, RejectsAContactThatNobodyCouldName) {
  DeciderSpec spec;
  const Decision decision =
      Decide({}, {}, Create(R"pb(company_name: "Analytical" salutation: "Dr.")pb"), spec.context());
  EXPECT_THAT(decision, IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  EXPECT_THAT(ViolatedFields(decision.status()), ElementsAre("contact"));
}

TEST(CreateContact, NamesEveryViolationAtOnce) {
  DeciderSpec spec;
  const Decision decision = Decide({}, {}, Create(R"pb(
                                     emails { address: "ada@example.org" primary: true }
                                     emails { address: "ADA@EXAMPLE.ORG." primary: true }
                                     phones { raw: "+4930901820" primary: true }
                                     phones { raw: "+4930901821" primary: true })pb"),
                                   spec.context());
  EXPECT_THAT(decision, IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  EXPECT_THAT(ViolatedFields(decision.status()),
              ElementsAre("contact.emails[1].address", "contact.emails[1].primary",
                          "contact.phones[1].primary"));
}

TEST(CreateContact, ClaimsItsAddressesWhetherOrNotTheWorkspaceWantsThemUnique) {
  DeciderSpec spec;
  const Decision decision = Decide({}, {}, Create(R"pb(
                                     emails { address: "Ada@Example.org" }
                                     external_ids { system: "billing" id: "7" }
                                     phones { raw: "+49 30 901820" })pb"),
                                   spec.context());
  EXPECT_THAT(ClaimsIn(decision), ElementsAre("contacts.email=ada@example.org",
                                              std::string("contacts.external_id=billing\0007", 30),
                                              "contacts.phone=+4930901820"));
}

TEST(CreateContact, RejectsAnAddressOfAnotherLiveContact) {
  DeciderSpec spec;
  spec.settings.unique_contact_emails = true;
  const ContactState ada = Ada();
  const Decision decision = Decide({&ada}, {}, Create(R"pb(
                                     emails { address: "grace@example.org" }
                                     emails { address: "ADA@example.org" })pb"),
                                   spec.context());
  EXPECT_THAT(decision, IsRejectedWith(v1::CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_EQ(MetadataOf(decision.status(), "contact"), kAda);
  EXPECT_EQ(MetadataOf(decision.status(), "field"), "contact.emails[1].address");
}

TEST(CreateContact, TakesTheAddressOfADeletedContact) {
  DeciderSpec spec;
  spec.settings.unique_contact_emails = true;
  const ContactState ada = Evolve(Ada(), {Deleted(kAda), Revision(2), {}, {}, false});
  EXPECT_TRUE(
      Decide({&ada}, {}, Create(R"pb(emails { address: "ada@example.org" })pb"), spec.context())
          .ok());
}

// --- UpdateContact

TEST(UpdateContact, RejectsTakingAwayTheLastNameAndAddress) {
  DeciderSpec spec;
  const Decision decision = Decide(
      Ada(), {}, {}, Update("", R"pb(paths: "first_name" paths: "emails")pb"), spec.context());
  EXPECT_THAT(ViolatedFields(decision.status()), ElementsAre("contact"));
}

TEST(UpdateContact, ChangesWhatIsLeftOfAnErasedContact) {
  DeciderSpec spec;
  auto event = Created(kAda, "");
  event.mutable_contact_created()->clear_personal();
  const ContactState erased = Evolve({}, {event, Revision(1), {}, {}, /*erased=*/true});
  EXPECT_THAT(Decide(erased, {}, {}, Update(R"pb(company_name: "Engines")pb"), spec.context()),
              Appends(kAda, Proto<v1::ContactEvent>(R"pb(
                        contact_updated {
                          name: "contacts/ada"
                          update_mask { paths: "company_name" }
                          contact { company_name: "Engines" }
                        })pb")));
}

TEST(UpdateContact, ClaimsAndReleasesOnlyWhatMoves) {
  DeciderSpec spec;
  const ContactState state = Given<ContactAggregate>({Created(kAda, R"pb(
    emails { address: "old@example.org" primary: true }
    emails { address: "kept@example.org" })pb")});
  const Decision decision = Decide(state, {}, {}, Update(R"pb(
                                     emails { address: "KEPT@example.org" primary: true }
                                     emails { address: "new@example.org" })pb"),
                                   spec.context());
  EXPECT_THAT(ClaimsIn(decision),
              ElementsAre("contacts.email=old@example.org", "contacts.email=new@example.org"));
}

TEST(UpdateContact, ClaimsNothingWhenNoAddressMoves) {
  DeciderSpec spec;
  EXPECT_THAT(
      ClaimsIn(Decide(Ada(), {}, {&kThere}, Update(R"pb(owner: "users/1")pb"), spec.context())),
      IsEmpty());
}

TEST(UpdateContact, RejectsAnAddressOfAnotherLiveContact) {
  DeciderSpec spec;
  spec.settings.unique_contact_emails = true;
  const ContactState bob = Bob();
  const Decision decision = Decide(
      Ada(), {&bob}, {}, Update(R"pb(emails { address: "bob@example.org" })pb"), spec.context());
  EXPECT_THAT(decision, IsRejectedWith(v1::CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_EQ(MetadataOf(decision.status(), "contact"), kBob);
}

TEST(UpdateContact, KeepsAnAddressThatWasSharedBeforeItHadToBeUnique) {
  DeciderSpec spec;
  spec.settings.unique_contact_emails = true;
  const ContactState ada = Ada();
  const ContactState twin =
      Given<ContactAggregate>({Created(kBob, R"pb(emails { address: "ada@example.org" })pb")});
  EXPECT_TRUE(Decide(ada, {&ada, &twin}, {}, Update(R"pb(
                       emails { address: "ada@example.org" label: "work" })pb"),
                     spec.context())
                  .ok());
}

// --- DeleteContact

TEST(DeleteContact, ReleasesWhatTheContactClaimed) {
  DeciderSpec spec;
  const Decision decision = Decide(Ada(), Delete(), spec.context());
  EXPECT_THAT(decision, Appends(kAda, Deleted(kAda)));
  EXPECT_THAT(ClaimsIn(decision), ElementsAre("contacts.email=ada@example.org",
                                              std::string("contacts.external_id=billing\0007", 30),
                                              "contacts.name_at_company=ada\nanalytical"));
}

// --- Evolve

TEST(UpdateContact, KeepsNumbersThatWereReadInAnotherRegion) {
  DeciderSpec spec;
  const ContactState state = Given<ContactAggregate>({Created(kAda, R"pb(
    first_name: "Ada"
    display_name: "Ada"
    phones { raw: "030 901820" e164: "+4930901820" primary: true })pb")});
  spec.settings.default_region = "GB";
  // As it was read, with one field changed and none named.
  auto sent = Update("");
  *sent.mutable_contact() = state.resource;
  sent.mutable_contact()->set_department("Engines");
  const Decision decision = Decide(state, {}, {}, sent, spec.context());
  ASSERT_TRUE(decision.ok());
  const auto& event = static_cast<const v1::ContactEvent&>(*decision->list().front().event);
  EXPECT_THAT(event.contact_updated().update_mask().paths(), ElementsAre("department"));
  // A number that is new is read as the region of now writes it.
  auto moved = Update(R"pb(phones { raw: "020 7946 0018" })pb");
  const Decision other = Decide(state, {}, {}, moved, spec.context());
  ASSERT_TRUE(other.ok());
  const auto& renewed = static_cast<const v1::ContactEvent&>(*other->list().front().event);
  EXPECT_EQ(renewed.contact_updated().personal().phones(0).e164(), "+442079460018");
}

TEST(UpdateContact, TakesOneConsentOfAPurposeAndChannelThatSaysHowItStands) {
  DeciderSpec spec;
  const auto decide = [&](absl::string_view contact) {
    return Decide(Ada(), {}, {}, Update(contact), spec.context());
  };
  EXPECT_TRUE(decide(R"pb(consents { purpose: "news" channel: BY_EMAIL state: GIVEN }
                          consents { purpose: "news" channel: BY_POST state: REFUSED }
                          consents { purpose: "offers" state: WITHDRAWN })pb")
                  .ok());
  EXPECT_THAT(decide(R"pb(consents { purpose: "news" channel: BY_EMAIL })pb"),
              IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  EXPECT_THAT(decide(R"pb(consents { purpose: "news" channel: BY_EMAIL state: GIVEN }
                          consents { purpose: "news" channel: BY_EMAIL state: REFUSED })pb"),
              IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
}

TEST(UpdateContact, TakesOfCardsWhatCardsCanSay) {
  DeciderSpec spec;
  const auto decide = [&](const std::string& property) {
    v1::UpdateContactRequest command = Update("");
    command.mutable_contact()->add_card_properties(property);
    return Decide(Ada(), {}, {}, command, spec.context());
  };
  EXPECT_TRUE(decide("X-SKYPE:ada: at home").ok());
  for (const char* const wrong :
       {"SKYPE:ada", "X-:ada", "X-SKYPE", "X-SKYPE:", "X-A B:c", "X-A;TYPE=home:c", ""}) {
    EXPECT_THAT(decide(wrong), IsRejectedWith(type::v1::ERROR_INVALID_FIELD)) << wrong;
  }
}

// --- UndeleteContact

TEST(UndeleteContact, ClaimsEverythingAgain) {
  DeciderSpec spec;
  const ContactState deleted = Evolve(Ada(), {Deleted(kAda), Revision(2), {}, {}, false});
  v1::UndeleteContactRequest command;
  command.set_name(kAda);
  const Decision decision = DecideStandard(Rules(), NowOf(deleted), command, spec.context());
  EXPECT_THAT(ClaimsIn(decision), ElementsAre("contacts.email=ada@example.org",
                                              std::string("contacts.external_id=billing\0007", 30),
                                              "contacts.name_at_company=ada\nanalytical"));
}

TEST(UndeleteContact, IsRefusedWhereAnotherHasTheAddressMeanwhile) {
  DeciderSpec spec;
  spec.settings.unique_contact_emails = true;
  const ContactState deleted = Evolve(Ada(), {Deleted(kAda), Revision(2), {}, {}, false});
  ContactState other = Bob();
  v1::UndeleteContactRequest command;
  command.set_name(kAda);
  const auto decide = [&] {
    return DecideStandard(Rules(), NowOf(deleted), command, spec.context(), {},
                          {NowOf(deleted), NowOf(other)});
  };
  EXPECT_TRUE(decide().ok());
  other.resource.mutable_emails(0)->set_address("ADA@example.org");
  EXPECT_THAT(decide(), IsRejectedWith(v1::CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_EQ(MetadataOf(decide().status(), "contact"), kBob);
}

TEST(ContactState, IsTheFoldOfItsEvents) {
  const ContactState state = Given<ContactAggregate>(
      {Created(kAda, R"pb(first_name: "Ada" notes: "old")pb"), Proto<v1::ContactEvent>(R"pb(
         contact_updated {
           name: "contacts/ada"
           update_mask { paths: "notes" paths: "company_name" paths: "of_a_later_version" }
           personal { notes: "new" }
         })pb")});
  EXPECT_EQ(state.lifecycle, Lifecycle::kActive);
  EXPECT_EQ(state.resource.name(), kAda);
  EXPECT_EQ(state.resource.etag(), "2");
  EXPECT_EQ(state.resource.first_name(), "Ada");
  EXPECT_EQ(state.resource.notes(), "new");
  EXPECT_EQ(state.resource.company_name(), "");
  EXPECT_EQ(state.resource.create_time().seconds(), absl::ToUnixSeconds(testing::kBegin));
  EXPECT_EQ(state.resource.update_time().seconds(), absl::ToUnixSeconds(testing::kBegin) + 3600);
}

TEST(ContactState, SaysWhenPersonalFieldsAreGone) {
  auto event = Created(kAda, "");
  event.mutable_contact_created()->clear_personal();
  const ContactState state = Evolve({}, {event, Revision(1), {}, {}, /*erased=*/true});
  EXPECT_TRUE(state.resource.erased());
  EXPECT_EQ(state.resource.company_name(), "Analytical");
}

}  // namespace
}  // namespace kith::contacts
