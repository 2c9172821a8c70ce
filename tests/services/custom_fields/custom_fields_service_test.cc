// Custom fields over gRPC: what is their own. What every resource does is asked in
// tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::custom_fields {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::CustomFieldsService::Stub;

class CustomFields : public ::testing::Test {
 protected:
  auto Create(const v1::CustomField& custom_field) {
    v1::CreateCustomFieldRequest create;
    *create.mutable_custom_field() = custom_field;
    return server.Call(&Stub::CreateCustomField, create);
  }
  // Of contacts, "Tier" with the key "tier".
  static v1::CustomField Field(const std::string& key, v1::CustomFieldType type = v1::TEXT) {
    v1::CustomField custom_field;
    custom_field.set_resource("contacts");
    custom_field.set_key(key);
    custom_field.set_type(type);
    custom_field.set_display_name(key);
    if (type == v1::CHOICE || type == v1::CHOICES) {
      for (const char* const choice : {"gold", "silver", "lead"}) custom_field.add_choices(choice);
    }
    return custom_field;
  }
  // Its name.
  std::string Made(const v1::CustomField& custom_field) {
    const auto made = Create(custom_field);
    EXPECT_EQ(made.reason(), "") << custom_field.key();
    return made->name();
  }
  auto Create(const Contact& contact) {
    contacts::v1::CreateContactRequest create;
    *create.mutable_contact() = contact;
    return server.Call(&ContactsService::Stub::CreateContact, create);
  }
  static contacts::v1::UpdateContactRequest Updating(const Contact& contact,
                                                     const std::vector<std::string>& mask) {
    contacts::v1::UpdateContactRequest update;
    *update.mutable_contact() = contact;
    for (const std::string& path : mask) update.mutable_update_mask()->add_paths(path);
    return update;
  }
  auto Update(const Contact& contact, const std::vector<std::string>& mask = {}) {
    return server.Call(&ContactsService::Stub::UpdateContact, Updating(contact, mask));
  }
  auto UpdateWith(const std::string& key, const Contact& contact,
                  const std::vector<std::string>& mask = {}) {
    return server.CallWith(key, &ContactsService::Stub::UpdateContact, Updating(contact, mask));
  }
  auto History(const std::string& name, const std::string& field = "") {
    contacts::v1::ListContactRevisionsRequest list;
    list.set_name(name);
    list.set_field(field);
    return server.Call(&ContactsService::Stub::ListContactRevisions, list);
  }
  static Contact Ada() {
    Contact ada;
    ada.set_first_name("Ada");
    return ada;
  }

  testing::TestServer server;
};

TEST_F(CustomFields, NumbersThemAndGivesSlotsToThoseThatAreIndexed) {
  const auto first = Create(Field("first"));
  v1::CustomField indexed = Field("second");
  indexed.set_indexed(true);
  indexed.set_number(70);
  const auto second = Create(indexed);
  EXPECT_EQ(first->number(), 1);
  EXPECT_EQ(first->slot(), 0);
  EXPECT_EQ(second->number(), 2);
  EXPECT_EQ(second->slot(), 1);
  v1::CustomField of_deals = Field("first");
  of_deals.set_resource("deals");
  EXPECT_EQ(Create(of_deals)->number(), 1);
}

TEST_F(CustomFields, NeverGivesAKeyAgain) {
  const std::string name = Made(Field("tier"));
  EXPECT_EQ(Create(Field("tier", v1::NUMBER)).reason(), "KEY_TAKEN");
  v1::DeleteCustomFieldRequest remove;
  remove.set_name(name);
  ASSERT_EQ(server.Call(&Stub::DeleteCustomField, remove).reason(), "");
  const auto again = Create(Field("tier", v1::NUMBER));
  EXPECT_EQ(again.reason(), "KEY_TAKEN");
  EXPECT_EQ(again.metadata("custom_field"), name);
}

// Goal: no record gets a value of a field that was deleted before, however close the two are.
// Method: contacts with a value are created by several at once until that is refused; then the log
// says which was first.
TEST_F(CustomFields, AreInNoRecordThatIsMadeAfterTheyWereDeleted) {
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_text("gold");
  v1::DeleteCustomFieldRequest remove;
  remove.set_name(Made(Field("tier")));
  std::atomic<int> created = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (Create(ada).reason().empty()) created.fetch_add(1);
    });
  }
  while (created.load() < 50) std::this_thread::yield();
  EXPECT_EQ(server.Call(&Stub::DeleteCustomField, remove).reason(), "");
  for (std::thread& thread : threads) thread.join();

  events::v1::EventsService::Stub events(server.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server.secret()));
  const auto stream = events.ReadEvents(&context, {});
  events::v1::ReadEventsResponse response;
  bool is_deleted = false;
  int after = 0;
  while (stream->Read(&response)) {
    for (const auto& event : response.events()) {
      is_deleted |= event.type() == "custom_field_deleted";
      if (is_deleted && event.type() == "contact_created") ++after;
    }
  }
  EXPECT_TRUE(is_deleted);
  EXPECT_EQ(after, 0);
}

TEST_F(CustomFields, EndsWithTheSlotsOfAResource) {
  for (int i = 0; i < 10; ++i) {
    v1::CustomField indexed = Field(absl::StrCat("key", i));
    indexed.set_indexed(true);
    Made(indexed);
  }
  v1::CustomField indexed = Field("one_more");
  indexed.set_indexed(true);
  EXPECT_EQ(Create(indexed).reason(), "TOO_MANY_INDEXED");
  EXPECT_EQ(Create(Field("one_more")).reason(), "");
}

TEST_F(CustomFields, EndsWithAHundredOfAResource) {
  for (int batch = 0; batch < 2; ++batch) {
    v1::BatchCreateCustomFieldsRequest create;
    for (int i = 0; i < 50; ++i) {
      *create.add_requests()->mutable_custom_field() = Field(absl::StrCat("key", 50 * batch + i));
    }
    const auto made = server.Call(&Stub::BatchCreateCustomFields, create);
    ASSERT_EQ(made.reason(), "");
    EXPECT_EQ(made->custom_fields(49).number(), 50 * batch + 50);
  }
  EXPECT_EQ(Create(Field("one_more")).reason(), "TOO_MANY");
}

TEST_F(CustomFields, RefusesWhatDoesNotGoTogether) {
  v1::CustomField text = Field("a");
  text.add_choices("gold");
  text.set_record_collection("users");
  EXPECT_THAT(Create(text).fields(),
              ElementsAre("custom_field.choices", "custom_field.record_collection"));
  v1::CustomField of_deals = Field("a");
  of_deals.set_resource("deals");
  of_deals.set_personal(true);
  EXPECT_THAT(Create(of_deals).fields(), ElementsAre("custom_field.personal"));
  v1::CustomField of_teams = Field("a");
  of_teams.set_resource("teams");
  EXPECT_THAT(Create(of_teams).fields(), ElementsAre("custom_field.resource"));
  EXPECT_THAT(Create(Field("Upper")).fields(), ElementsAre("custom_field.key"));
}

TEST_F(CustomFields, ChangeNoTypeAfterwards) {
  const std::string name = Made(Field("tier", v1::CHOICE));
  v1::UpdateCustomFieldRequest update;
  update.mutable_custom_field()->set_name(name);
  update.mutable_custom_field()->set_type(v1::TEXT);
  EXPECT_EQ(server.Call(&Stub::UpdateCustomField, update).reason(), "INVALID_UPDATE_MASK");
}

TEST_F(CustomFields, AreKeptOnRecordsFromTheMomentTheyAreThere) {
  Made(Field("tier", v1::CHOICE));
  Made(Field("seats", v1::NUMBER));
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("gold");
  (*ada.mutable_custom())["seats"].set_number(12.5);
  (*ada.mutable_custom())["seats"].set_slot(9);  // the server's
  const auto made = Create(ada);
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(made->custom().at("tier").choice(), "gold");
  EXPECT_EQ(made->custom().at("seats").number(), 12.5);
  EXPECT_EQ(made->custom().at("seats").slot(), 0);
  contacts::v1::GetContactRequest get;
  get.set_name(made->name());
  const auto read = server.Call(&ContactsService::Stub::GetContact, get);
  EXPECT_EQ(read->custom().at("tier").choice(), "gold");
}

TEST_F(CustomFields, RefuseValuesThatAreNoneOfTheirs) {
  Made(Field("tier", v1::CHOICE));
  Made(Field("seats", v1::NUMBER));
  Made(Field("site", v1::URL));
  v1::CustomField personal = Field("hobby");
  personal.set_personal(true);
  Made(personal);
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("iron");
  (*ada.mutable_custom())["seats"].set_text("twelve");
  (*ada.mutable_custom())["hobby"].set_text("chess");
  (*ada.mutable_custom())["unheard_of"].set_text("x");
  EXPECT_THAT(Create(ada).fields(),
              ElementsAre(R"(contact.custom["hobby"])", R"(contact.custom["seats"])",
                          R"(contact.custom["tier"])", R"(contact.custom["unheard_of"])"));
  Contact without = Ada();
  (*without.mutable_custom())["site"].set_url("nowhere");
  EXPECT_THAT(Create(without).fields(), ElementsAre(R"(contact.custom["site"].url)"));
  Contact long_text = Ada();
  (*long_text.mutable_custom())["site"].set_text(std::string(2000, 'x'));
  EXPECT_THAT(Create(long_text).fields(), ElementsAre(R"(contact.custom["site"].text)"));
  Contact no_key = Ada();
  (*no_key.mutable_custom())["Site"].set_text("x");
  EXPECT_THAT(Create(no_key).fields(), ElementsAre("contact.custom"));
}

TEST_F(CustomFields, TakeATextForWhatItSays) {
  for (const auto& [key, type] :
       std::vector<std::pair<const char*, v1::CustomFieldType>>{{"seats", v1::NUMBER},
                                                                {"fee", v1::MONEY},
                                                                {"since", v1::DATE},
                                                                {"seen", v1::TIME},
                                                                {"vip", v1::BOOLEAN},
                                                                {"tier", v1::CHOICE},
                                                                {"tags", v1::CHOICES},
                                                                {"site", v1::URL},
                                                                {"mail", v1::EMAIL}}) {
    Made(Field(key, type));
  }
  Contact ada = Ada();
  const std::vector<std::pair<const char*, const char*>> texts = {
      {"seats", "12.5"},      {"fee", "24000.50 EUR"},          {"since", "2026-01-31"},
      {"vip", "true"},        {"seen", "2026-01-31T12:00:00Z"}, {"tier", "gold"},
      {"tags", "lead, gold"}, {"site", "https://example.org"},  {"mail", "ada@example.org"}};
  for (const auto& [key, text] : texts) (*ada.mutable_custom())[key].set_text(text);
  const auto made = Create(ada);
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(made->custom().at("seats").number(), 12.5);
  EXPECT_EQ(made->custom().at("fee").money().units(), 24000);
  EXPECT_EQ(made->custom().at("since").date().day(), 31);
  EXPECT_EQ(made->custom().at("seen").time().seconds(), 1769860800);
  EXPECT_TRUE(made->custom().at("vip").boolean());
  EXPECT_EQ(made->custom().at("tags").choices().values_size(), 2);
  EXPECT_EQ(made->custom().at("mail").email(), "ada@example.org");
  Contact same = ada;
  same.set_name(made->name());
  EXPECT_EQ(Update(same)->etag(), made->etag());
  for (const auto& [key, text] : texts) (*same.mutable_custom())[key].set_text("#");
  EXPECT_EQ(Update(same).fields().size(), texts.size());
}

TEST_F(CustomFields, MayBeRequired) {
  v1::CustomField required = Field("tier", v1::CHOICE);
  Contact before = Ada();
  const std::string earlier = Create(before)->name();
  required.set_required(true);
  Made(required);
  EXPECT_THAT(Create(Ada()).fields(), ElementsAre(R"(contact.custom["tier"])"));
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("gold");
  const auto made = Create(ada);
  ASSERT_EQ(made.reason(), "");
  Contact emptied;
  emptied.set_name(made->name());
  EXPECT_THAT(Update(emptied, {"custom.tier"}).fields(), ElementsAre(R"(contact.custom["tier"])"));
  // What was there before goes on without.
  Contact renamed;
  renamed.set_name(earlier);
  renamed.set_last_name("Lovelace");
  EXPECT_EQ(Update(renamed).reason(), "");
}

TEST_F(CustomFields, AreChangedOneByOneAndSoIsTheirHistory) {
  Made(Field("tier", v1::CHOICE));
  Made(Field("note"));
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("gold");
  (*ada.mutable_custom())["note"].set_text("calls back");
  const std::string name = Create(ada)->name();

  Contact change;
  change.set_name(name);
  (*change.mutable_custom())["tier"].set_choice("silver");
  const auto changed = Update(change);
  ASSERT_EQ(changed.reason(), "");
  EXPECT_EQ(changed->custom().at("tier").choice(), "silver");
  EXPECT_EQ(changed->custom().at("note").text(), "calls back");
  EXPECT_EQ(Update(change)->etag(), changed->etag());

  Contact empty;
  empty.set_name(name);
  (*empty.mutable_custom())["tier"].set_choice("lead");  // not in the mask
  const auto emptied = Update(empty, {"custom.note"});
  ASSERT_EQ(emptied.reason(), "");
  EXPECT_EQ(emptied->custom().at("tier").choice(), "silver");
  EXPECT_EQ(emptied->custom().count("note"), 0u);

  const auto history = History(name);
  ASSERT_EQ(history.reason(), "");
  ASSERT_EQ(history->revisions_size(), 3);
  EXPECT_THAT(history->revisions(1).revision().changed().paths(), ElementsAre("custom.tier"));
  EXPECT_EQ(history->revisions(1).before().custom().at("tier").choice(), "gold");
  EXPECT_EQ(history->revisions(1).after().custom().at("tier").choice(), "silver");
  EXPECT_EQ(history->revisions(1).after().custom().count("note"), 0u);
  EXPECT_THAT(history->revisions(0).revision().changed().paths(), ElementsAre("custom.note"));
  EXPECT_EQ(History(name, "custom.note")->revisions_size(), 2);
  EXPECT_EQ(History(name, "custom")->revisions_size(), 3);
}

TEST_F(CustomFields, AreEmptiedByAValueWithoutOneAndByTheWholeMap) {
  Made(Field("tier", v1::CHOICE));
  Made(Field("note"));
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("gold");
  (*ada.mutable_custom())["note"].set_text("calls back");
  const std::string name = Create(ada)->name();
  Contact change;
  change.set_name(name);
  (*change.mutable_custom())["note"];
  EXPECT_EQ(Update(change)->custom().count("note"), 0u);
  (*change.mutable_custom())["note"].set_text("again");
  const auto whole = Update(change, {"custom"});
  ASSERT_EQ(whole.reason(), "");
  EXPECT_EQ(whole->custom().count("tier"), 0u);
  EXPECT_EQ(whole->custom().at("note").text(), "again");
}

TEST_F(CustomFields, KeepTheValuesOfOneThatIsGone) {
  const std::string field = Made(Field("tier", v1::CHOICE));
  Contact ada = Ada();
  (*ada.mutable_custom())["tier"].set_choice("gold");
  const std::string name = Create(ada)->name();
  v1::DeleteCustomFieldRequest remove;
  remove.set_name(field);
  ASSERT_EQ(server.Call(&Stub::DeleteCustomField, remove).reason(), "");
  Contact change = ada;
  change.set_name(name);
  change.set_last_name("Lovelace");
  const auto changed = Update(change);
  ASSERT_EQ(changed.reason(), "");
  EXPECT_EQ(changed->custom().at("tier").choice(), "gold");
  (*change.mutable_custom())["tier"].set_choice("silver");
  EXPECT_THAT(Update(change).fields(), ElementsAre(R"(contact.custom["tier"])"));
  EXPECT_EQ(Update(change, {"custom.tier", "last_name"}).reason(), "INVALID_FIELD");
  change.clear_custom();
  EXPECT_EQ(Update(change, {"custom.tier"})->custom_size(), 0);
}

TEST_F(CustomFields, AreNamedInAMaskOnlyWhereTheyAre) {
  Made(Field("tier"));
  v1::CustomField personal = Field("hobby");
  personal.set_personal(true);
  Made(personal);
  Contact change;
  change.set_name(Create(Ada())->name());
  EXPECT_EQ(Update(change, {"custom.tier", "personal_custom.hobby"}).reason(), "");
  for (const char* const path : {"custom.teir", "custom.hobby", "personal_custom.tier"}) {
    const auto refused = Update(change, {path});
    EXPECT_EQ(refused.reason(), "INVALID_FIELD") << path;
    EXPECT_THAT(refused.fields(), ElementsAre("update_mask")) << path;
  }
  // Nor where the update would create the record.
  Contact made = Ada();
  made.add_external_ids()->set_system("shop");
  made.mutable_external_ids(0)->set_id("1");
  auto creating = Updating(made, {"first_name", "external_ids", "custom.teir"});
  creating.set_allow_missing(true);
  EXPECT_THAT(server.Call(&ContactsService::Stub::UpdateContact, creating).fields(),
              ElementsAre("update_mask"));
}

TEST_F(CustomFields, TakeChoicesInTheirOrderAndEachOnce) {
  Made(Field("tags", v1::CHOICES));
  Contact ada = Ada();
  for (const char* const value : {"lead", "gold", "lead"}) {
    (*ada.mutable_custom())["tags"].mutable_choices()->add_values(value);
  }
  const auto made = Create(ada);
  ASSERT_EQ(made.reason(), "");
  EXPECT_THAT(made->custom().at("tags").choices().values(), ElementsAre("gold", "lead"));
}

TEST_F(CustomFields, NameRecordsThatAreThere) {
  v1::CustomField record = Field("mentor", v1::RECORD);
  record.set_record_collection("contacts");
  Made(record);
  const std::string mentor = Create(Ada())->name();
  Contact ada = Ada();
  (*ada.mutable_custom())["mentor"].set_record(mentor);
  EXPECT_EQ(Create(ada)->custom().at("mentor").record(), mentor);
  (*ada.mutable_custom())["mentor"].set_record("contacts/01J00000000000000000000000");
  const auto missing = Create(ada);
  EXPECT_EQ(missing.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(missing.fields(), ElementsAre(R"(contact.custom["mentor"].record)"));
  (*ada.mutable_custom())["mentor"].set_record("users/01J00000000000000000000000");
  EXPECT_THAT(Create(ada).fields(), ElementsAre(R"(contact.custom["mentor"])"));
}

TEST_F(CustomFields, MayBeUnique) {
  v1::CustomField unique = Field("badge");
  unique.set_unique(true);
  Made(unique);
  Contact ada = Ada();
  (*ada.mutable_custom())["badge"].set_text("B-7");
  const std::string holder = Create(ada)->name();
  (*ada.mutable_custom())["badge"].set_text("b-7");
  const auto taken = Create(ada);
  EXPECT_EQ(taken.reason(), "CUSTOM_VALUE_TAKEN");
  EXPECT_EQ(taken.metadata("field"), "custom.badge");
  EXPECT_EQ(taken.metadata("record"), holder);
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(holder);
  ASSERT_EQ(server.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  EXPECT_EQ(Create(ada).reason(), "");
  contacts::v1::UndeleteContactRequest back;
  back.set_name(holder);
  EXPECT_EQ(server.Call(&ContactsService::Stub::UndeleteContact, back).reason(),
            "CUSTOM_VALUE_TAKEN");
}

TEST_F(CustomFields, AreComparedWithNumbersThatPeopleWrite) {
  Made(Field("seats", v1::NUMBER));
  Contact ada = Ada();
  (*ada.mutable_custom())["seats"].set_number(16);
  ASSERT_EQ(Create(ada).reason(), "");
  contacts::v1::ListContactsRequest list;
  const auto ask = [&](const char* comparison) {
    list.set_filter(absl::StrCat("custom.seats ", comparison));
    return server.Call(&ContactsService::Stub::ListContacts, list);
  };
  for (const char* const held : {"= 16", "< 1.7e1", "> \"-16\"", "= \"+16.0\"", "<= 016"}) {
    EXPECT_EQ(ask(held)->contacts_size(), 1) << held;
  }
  for (const char* const none :
       {"= nan", "!= NaN", "< inf", "> \"-infinity\"", "= 0x10", "< 1e999", "= \"1 6\"", "= e"}) {
    const auto refused = ask(none);
    EXPECT_EQ(refused.reason(), "INVALID_FILTER") << none;
    EXPECT_THAT(refused.status.error_message(), HasSubstr("is not a number")) << none;
  }
}

// A key of a user whose role reads and writes all contacts, with the fields of this group.
std::string KeyReading(const testing::TestServer& server, roles::v1::FieldGroup group) {
  roles::v1::CreateRoleRequest role;
  role.mutable_role()->set_display_name("Reader");
  role.mutable_role()->add_field_groups(group);
  for (const char* const permission : {"contacts.read", "contacts.write"}) {
    auto& grant = *role.mutable_role()->add_grants();
    grant.set_permission(permission);
    grant.set_scope(roles::v1::ALL);
  }
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Marta");
  user.mutable_user()->add_roles(
      server.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Marta's");
  key.mutable_api_key()->set_user(
      server.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
  key.mutable_api_key()->add_permissions("*");
  return server.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
}

TEST_F(CustomFields, AreOfTheFieldGroupsOfRoles) {
  Made(Field("fee", v1::MONEY));
  v1::CustomField personal = Field("hobby");
  personal.set_personal(true);
  Made(personal);
  Contact ada = Ada();
  (*ada.mutable_custom())["fee"].set_text("20 EUR");
  (*ada.mutable_personal_custom())["hobby"].set_text("chess");
  contacts::v1::GetContactRequest get;
  get.set_name(Create(ada)->name());
  contacts::v1::ListContactsRequest list;
  for (const roles::v1::FieldGroup group : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    const std::string key = KeyReading(server, group);
    const bool is_personal = group == roles::v1::PERSONAL;
    const auto read = server.CallWith(key, &ContactsService::Stub::GetContact, get);
    ASSERT_EQ(read.reason(), "");
    EXPECT_EQ(read->personal_custom().count("hobby"), is_personal ? 1u : 0u);
    EXPECT_EQ(read->custom().count("fee"), is_personal ? 0u : 1u);
    list.set_filter("personal_custom.hobby = chess");
    EXPECT_EQ(server.CallWith(key, &ContactsService::Stub::ListContacts, list).reason(),
              is_personal ? "" : "PERMISSION_DENIED");
    list.set_filter("custom.fee > \"1 EUR\"");
    EXPECT_EQ(server.CallWith(key, &ContactsService::Stub::ListContacts, list).reason(),
              is_personal ? "PERMISSION_DENIED" : "");
  }
}

// Goal: whoever guesses an amount is not told that nothing changes, nor that there is none.
TEST_F(CustomFields, AreNotGuessedByWhoMayNotReadThem) {
  Made(Field("fee", v1::MONEY));
  Contact ada = Ada();
  Contact none = Create(ada).response;
  (*ada.mutable_custom())["fee"].set_text("20 EUR");
  Contact some = Create(ada).response;
  const std::string key = KeyReading(server, roles::v1::PERSONAL);
  for (Contact* const contact : {&none, &some}) {
    contact->clear_etag();
    for (const char* const guess : {"20 EUR", "21 EUR", ""}) {
      (*contact->mutable_custom())["fee"].set_text(guess);
      for (const std::vector<std::string>& mask : {std::vector<std::string>(), {"custom.fee"}}) {
        const auto told = UpdateWith(key, *contact, mask);
        EXPECT_EQ(told.reason(), "PERMISSION_DENIED") << guess;
        EXPECT_EQ(told.metadata("field"), "contact.custom.fee");
      }
    }
    contact->clear_custom();
    EXPECT_EQ(UpdateWith(key, *contact, {"custom.fee"}).reason(), "PERMISSION_DENIED");
  }
}

// Goal: a history tells who may not read a value neither that there is one nor when it changed.
TEST_F(CustomFields, AreNotToldByAHistoryToWhoMayNotReadThem) {
  Made(Field("fee", v1::MONEY));
  Made(Field("note"));
  Contact ada = Ada();
  (*ada.mutable_custom())["fee"].set_text("20 EUR");
  (*ada.mutable_custom())["note"].set_text("calls back");
  Contact change = Create(ada).response;
  change.clear_etag();
  (*change.mutable_custom())["fee"].set_text("21 EUR");
  ASSERT_EQ(Update(change, {"custom.fee"}).reason(), "");
  contacts::v1::ListContactRevisionsRequest list;
  list.set_name(change.name());
  const auto changed_for = [&](const std::string& key) {
    const auto told = server.CallWith(key, &ContactsService::Stub::ListContactRevisions, list);
    EXPECT_EQ(told.reason(), "");
    std::vector<std::string> changed;
    for (const auto& each : told->revisions()) {
      for (const std::string& path : each.revision().changed().paths()) {
        if (path.find("custom") == 0) changed.push_back(path);
      }
    }
    return changed;
  };
  const std::string masked = KeyReading(server, roles::v1::PERSONAL);
  EXPECT_THAT(changed_for(server.secret()), ElementsAre("custom.fee", "custom.fee", "custom.note"));
  EXPECT_THAT(changed_for(masked), ElementsAre("custom.note"));
  // A revision of which nothing is left is none, on whatever page.
  const auto etags_for = [&](const std::string& key) {
    std::vector<std::string> etags;
    list.set_page_size(1);
    do {
      const auto page = server.CallWith(key, &ContactsService::Stub::ListContactRevisions, list);
      EXPECT_EQ(page.reason(), "");
      EXPECT_EQ(page->revisions_size(), 1);
      for (const auto& each : page->revisions()) etags.push_back(each.revision().etag());
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    list.clear_page_size();
    return etags;
  };
  (*change.mutable_custom())["note"].set_text("calls back tomorrow");
  ASSERT_EQ(Update(change, {"custom.note"}).reason(), "");
  (*change.mutable_custom())["fee"].set_text("22 EUR");
  ASSERT_EQ(Update(change, {"custom.fee"}).reason(), "");
  EXPECT_THAT(etags_for(server.secret()), ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(etags_for(masked), ElementsAre("3", "1"));
  list.set_field("custom.fee");
  EXPECT_EQ(changed_for(server.secret()).size(), 4u);
  EXPECT_THAT(changed_for(masked), ElementsAre());
  list.set_field("first_name");
  EXPECT_EQ(server
                .CallWith(KeyReading(server, roles::v1::MONEY),
                          &ContactsService::Stub::ListContactRevisions, list)
                .reason(),
            "PERMISSION_DENIED");
}

// Goal: what JSON cannot tell is never kept.
TEST_F(CustomFields, AreTimesAndDaysOfTheYearsThatThereAre) {
  Made(Field("seen", v1::TIME));
  Made(Field("day", v1::DATE));
  for (const auto& [field, text] :
       std::vector<std::pair<std::string, std::string>>{{"seen", "infinite-future"},
                                                        {"seen", "infinite-past"},
                                                        {"seen", "10000-01-01T00:00:00Z"},
                                                        {"day", "10000-01-01"},
                                                        {"day", "4294969322-01-31"}}) {
    Contact ada = Ada();
    (*ada.mutable_custom())[field].set_text(text);
    EXPECT_EQ(Create(ada).reason(), "INVALID_FIELD") << text;
  }
}

TEST_F(CustomFields, AreNotEmptiedByWhoMayNotReadThem) {
  Made(Field("fee", v1::MONEY));
  Made(Field("note"));
  Contact ada = Ada();
  (*ada.mutable_custom())["fee"].set_text("20 EUR");
  (*ada.mutable_custom())["note"].set_text("calls back");
  Contact change = Create(ada).response;
  change.clear_etag();
  const std::string key = KeyReading(server, roles::v1::PERSONAL);
  change.mutable_custom()->erase("fee");
  (*change.mutable_custom())["note"].set_text("writes");
  const auto changed = UpdateWith(key, change);
  ASSERT_EQ(changed.reason(), "");
  EXPECT_EQ(changed->custom().count("fee"), 0u);
  EXPECT_EQ(UpdateWith(key, change, {"custom"}).reason(), "PERMISSION_DENIED");
  (*change.mutable_custom())["fee"];
  EXPECT_EQ(UpdateWith(key, change).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(UpdateWith(key, change, {"custom.fee"}).reason(), "PERMISSION_DENIED");
  contacts::v1::GetContactRequest get;
  get.set_name(change.name());
  const auto read = server.Call(&ContactsService::Stub::GetContact, get);
  EXPECT_EQ(read->custom().at("fee").money().units(), 20);
  EXPECT_EQ(read->custom().at("note").text(), "writes");
}

}  // namespace
}  // namespace kith::custom_fields
