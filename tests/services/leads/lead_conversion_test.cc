// Conversion of leads over gRPC: what is made, what is found, and that it is made once.
#include <set>
#include <thread>

#include "tests/services/leads/leads_fixture.h"

namespace kith::leads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kFull[] =
    "first_name: 'Ada' last_name: 'Byron' email: 'Ada@Harrow.example' phone: '+49 30 901820' "
    "job_title: 'CTO' company_name: 'Harrow' website: 'https://www.harrow.example/about' "
    "source: WEB_FORM estimated_amount { currency_code: 'EUR' units: 5000 }";

class LeadConversionTest : public LeadsFixture {};

TEST_F(LeadConversionTest, MakesAContactACompanyAndADeal) {
  const std::string ada = CreateUser("");
  const std::string name = Created(absl::StrCat(kFull, " owner: '", ada, "'"));
  const auto before = Get(name);
  const auto converted = Do(&Stub::ConvertLead, name, "create_deal: true");
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  EXPECT_EQ(converted->status(), v1::CONVERTED);
  EXPECT_TRUE(converted->has_convert_time());
  EXPECT_TRUE(converted->has_close_time());
  const contacts::v1::Contact contact = GetContact(converted->converted_contact());
  EXPECT_EQ(contact.display_name(), "Ada Byron");
  EXPECT_EQ(contact.emails(0).address(), "Ada@Harrow.example");
  EXPECT_EQ(contact.phones(0).e164(), "+4930901820");
  EXPECT_EQ(contact.job_title(), "CTO");
  EXPECT_EQ(contact.owner(), ada);
  EXPECT_EQ(contact.source(), "web form");
  EXPECT_EQ(contact.lifecycle_stage(), contacts::v1::OPPORTUNITY);
  ASSERT_EQ(contact.companies_size(), 1);
  EXPECT_EQ(contact.companies(0).company(), converted->converted_company());
  companies::v1::GetCompanyRequest get;
  get.set_name(converted->converted_company());
  const auto company = server_.Call(&companies::v1::CompaniesService::Stub::GetCompany, get);
  EXPECT_EQ(company->display_name(), "Harrow");
  EXPECT_THAT(company->domains(), ElementsAre("harrow.example"));
  ASSERT_EQ(Deals().size(), 1u);
  const deals::v1::Deal deal = Deals().front();
  EXPECT_EQ(deal.name(), converted->converted_deal());
  EXPECT_EQ(deal.display_name(), "Harrow");
  EXPECT_EQ(deal.amount().units(), 5'000);
  EXPECT_EQ(deal.stage(), "pipelines/default/stages/new-lead");
  EXPECT_EQ(deal.owner(), ada);
  EXPECT_EQ(deal.company(), converted->converted_company());
  ASSERT_EQ(deal.contacts_size(), 1);
  EXPECT_EQ(deal.contacts(0).contact(), contact.name());
  // One append: no moment has one of them without the others.
  EXPECT_EQ(Get(name, before.token)->status(), v1::ASSIGNED);
  contacts::v1::GetContactRequest then;
  then.set_name(contact.name());
  then.mutable_read()->set_token(before.token);
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::GetContact, then).reason(),
            "CONTACT_NOT_FOUND");
}

TEST_F(LeadConversionTest, TakesWhatTheRequestSaysOfTheDeal) {
  const auto converted = Do(&Stub::ConvertLead, Created(kFull),
                            "create_deal: true deal_display_name: 'Cranes' "
                            "stage: 'pipelines/default/stages/qualified' "
                            "amount { currency_code: 'USD' units: 7 } "
                            "expected_close_date { year: 2027 month: 1 day: 31 }");
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  const deals::v1::Deal deal = Deals().front();
  EXPECT_EQ(deal.display_name(), "Cranes");
  EXPECT_EQ(deal.stage(), "pipelines/default/stages/qualified");
  EXPECT_EQ(deal.amount().currency_code(), "USD");
  EXPECT_EQ(deal.expected_close_date().day(), 31);
  EXPECT_THAT(
      Do(&Stub::ConvertLead, Created("first_name: 'Bo'"), "deal_display_name: 'Cranes'").fields(),
      ElementsAre("deal_display_name"));
}

// What a lead of a team's queue becomes is the user's who converts it. A service owns nothing, so
// it says whose it becomes; nothing is nobody's by itself.
TEST_F(LeadConversionTest, AsksWhoseItBecomesOfALeadInAQueue) {
  const std::string team = CreateTeam();
  const std::string queued = absl::StrCat("owner: '", team, "' ");
  const std::string ada = CreateUser("display_name: 'Ada' roles: 'roles/admin'");
  const std::string one =
      Created(absl::StrCat(queued, "first_name: 'Bo' email: 'bo@a.example' company_name: 'A'"));
  EXPECT_THAT(Do(&Stub::ConvertLead, one).fields(), ElementsAre("name"));
  EXPECT_THAT(Do(&Stub::ConvertLead, one, "create_deal: true").fields(), ElementsAre("deal_owner"));
  EXPECT_EQ(CountContacts() + CountCompanies(), 0) << "all of it or nothing";
  const auto said =
      Do(&Stub::ConvertLead, one, absl::StrCat("create_deal: true deal_owner: '", ada, "'"));
  ASSERT_EQ(said.reason(), "") << said.status.error_message();
  EXPECT_EQ(GetContact(said->converted_contact()).owner(), ada);
  EXPECT_EQ(Deals().front().owner(), ada);
  const std::string other =
      Created(absl::StrCat(queued, "first_name: 'Cy' email: 'cy@b.example' company_name: 'B'"));
  const auto by_user = Do(&Stub::ConvertLead, other, "create_deal: true", KeyOf(ada));
  ASSERT_EQ(by_user.reason(), "") << by_user.status.error_message();
  EXPECT_EQ(GetContact(by_user->converted_contact()).owner(), ada);
}

// What a contact is called at work follows from the company that the lead names.
TEST_F(LeadConversionTest, CallsTheContactsCompanyAsItIs) {
  const std::string company = CreateCompany("display_name: 'Harrow'");
  const auto converted =
      Do(&Stub::ConvertLead, Created(absl::StrCat("first_name: 'Bo' company: '", company, "'")));
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  EXPECT_EQ(GetContact(converted->converted_contact()).company_name(), "Harrow");
}

TEST_F(LeadConversionTest, MakesNoDealWhereNoneIsWanted) {
  const auto converted = Do(&Stub::ConvertLead, Created("first_name: 'Bo'"));
  EXPECT_EQ(converted.reason(), "");
  EXPECT_EQ(converted->converted_company(), "");
  EXPECT_EQ(converted->converted_deal(), "");
  EXPECT_EQ(GetContact(converted->converted_contact()).lifecycle_stage(),
            contacts::v1::SALES_QUALIFIED_LEAD);
  EXPECT_THAT(Deals(), IsEmpty());
}

// A person's name is sealed, and a deal's is not: nothing copies the one into the other.
TEST_F(LeadConversionTest, NamesNoDealAfterAPerson) {
  const std::string name = Created("first_name: 'Bo'");
  EXPECT_THAT(Do(&Stub::ConvertLead, name, "create_deal: true").fields(),
              ElementsAre("deal_display_name"));
  EXPECT_EQ(CountContacts(), 0) << "all of it or nothing";
  EXPECT_EQ(Get(name)->status(), v1::NEW);
}

// The same address is the same person, however it is typed; the same number makes it a question,
// and the same domain nothing.
TEST_F(LeadConversionTest, UsesTheContactThatHasTheAddress) {
  const std::string ada =
      CreateContact("first_name: 'Ada' emails { address: 'ada@harrow.example' } job_title: 'CEO'");
  CreateContact("first_name: 'Bob' emails { address: 'bob@harrow.example' }");
  const auto converted = Do(&Stub::ConvertLead, Created(kFull));
  EXPECT_EQ(converted->converted_contact(), ada);
  EXPECT_EQ(GetContact(ada).job_title(), "CEO") << "what is there stays as it is";
  EXPECT_EQ(GetContact(ada).phones_size(), 0);
  EXPECT_EQ(Get(converted->name())->phone(), "+49 30 901820") << "and the lead keeps its own";
  const std::string other = CreateContact("first_name: 'Cy' phones { raw: '+49 30 901821' }");
  const std::string of_number =
      Created("first_name: 'Cy' email: 'cy@a.example' phone: '+4930901821'");
  const auto asked = Do(&Stub::ConvertLead, of_number);
  EXPECT_EQ(asked.reason(), "CONTACT_AMBIGUOUS");
  EXPECT_EQ(asked.metadata("contacts"), other);
  EXPECT_EQ(CountContacts(), 3);
  EXPECT_NE(Do(&Stub::ConvertLead, of_number, "new_contact: true")->converted_contact(), other);
  EXPECT_EQ(CountContacts(), 4);
}

TEST_F(LeadConversionTest, AsksWhichContactWhereSeveralHaveTheAddress) {
  const std::string one = CreateContact("first_name: 'A' emails { address: 'ada@harrow.example' }");
  const std::string two = CreateContact("first_name: 'B' emails { address: 'ada@harrow.example' }");
  const std::string name = Created(kFull);
  const auto refused = Do(&Stub::ConvertLead, name);
  EXPECT_EQ(refused.reason(), "CONTACT_AMBIGUOUS");
  EXPECT_EQ(refused.metadata("contacts"), absl::StrCat(one, ", ", two));
  EXPECT_EQ(CountCompanies(), 0);
  EXPECT_EQ(Do(&Stub::ConvertLead, name, absl::StrCat("contact: '", two, "'"))->converted_contact(),
            two);
}

// An address that somebody gave up, or that a deleted contact had, is nobody's.
TEST_F(LeadConversionTest, FindsOnlyWhoHasTheAddressNow) {
  const std::string moved =
      CreateContact("first_name: 'A' emails { address: 'ada@harrow.example' }");
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(moved);
  update.mutable_contact()->add_emails()->set_address("ada@elsewhere.example");
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::UpdateContact, update).reason(), "");
  const std::string gone =
      CreateContact("first_name: 'B' emails { address: 'ada@harrow.example' }");
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(gone);
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::DeleteContact, remove).reason(), "");
  const auto converted = Do(&Stub::ConvertLead, Created(kFull));
  EXPECT_EQ(converted.reason(), "");
  EXPECT_NE(converted->converted_contact(), moved);
  EXPECT_NE(converted->converted_contact(), gone);
}

TEST_F(LeadConversionTest, UsesTheCompanyThatHasTheDomain) {
  const std::string harrow =
      CreateCompany("display_name: 'Harrow Clinics' domains: 'harrow.example'");
  const auto converted = Do(&Stub::ConvertLead, Created(kFull), "create_deal: true");
  EXPECT_EQ(converted->converted_company(), harrow);
  EXPECT_EQ(CountCompanies(), 1);
  EXPECT_EQ(Deals().front().display_name(), "Harrow Clinics");
}

// DU-6: a company of the same name is used, and not doubled, however the name is written.
TEST_F(LeadConversionTest, UsesTheCompanyOfTheSameName) {
  const std::string harrow = CreateCompany("display_name: 'Harrow'");
  const auto converted = Do(&Stub::ConvertLead, Created("first_name: 'Bo' company_name: 'HARROW'"),
                            "create_deal: true");
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  EXPECT_EQ(converted->converted_company(), harrow);
  EXPECT_EQ(Deals().front().company(), harrow);
  EXPECT_EQ(Do(&Stub::ConvertLead, Created(kFull))->converted_company(), harrow)
      << "it has no domain that would be another";
  EXPECT_EQ(CountCompanies(), 1);
}

TEST_F(LeadConversionTest, UsesNoCompanyOfTheSameNameThatHasAnotherDomain) {
  const std::string other = CreateCompany("display_name: 'Harrow' domains: 'harrow-md.example'");
  EXPECT_NE(Do(&Stub::ConvertLead, Created(kFull))->converted_company(), other);
  EXPECT_EQ(CountCompanies(), 2);
}

TEST_F(LeadConversionTest, AsksWhichCompanyWhereSeveralAreCalledSo) {
  const std::string one = CreateCompany("display_name: 'Harrow'");
  const std::string two = CreateCompany("display_name: 'harrow'");
  const std::string lead = Created("first_name: 'Bo' company_name: 'Harrow'");
  const auto refused = Do(&Stub::ConvertLead, lead);
  EXPECT_EQ(refused.reason(), "COMPANY_AMBIGUOUS");
  EXPECT_THAT(refused.metadata("companies"), HasSubstr(one));
  EXPECT_THAT(refused.metadata("companies"), HasSubstr(two));
  EXPECT_EQ(CountContacts(), 0);
  const auto said = Do(&Stub::ConvertLead, lead, absl::StrCat("company: '", two, "'"));
  EXPECT_EQ(said->converted_company(), two);
  EXPECT_EQ(Do(&Stub::ConvertLead, lead, "new_company: true").reason(), "LEAD_CONVERTED");
}

TEST_F(LeadConversionTest, MakesANewCompanyWhereOneIsAskedFor) {
  const std::string harrow = CreateCompany("display_name: 'Harrow'");
  const std::string lead = Created("first_name: 'Bo' company_name: 'Harrow'");
  EXPECT_THAT(
      Do(&Stub::ConvertLead, lead, absl::StrCat("new_company: true company: '", harrow, "'"))
          .fields(),
      ElementsAre("new_company"));
  const auto made = Do(&Stub::ConvertLead, lead, "new_company: true");
  ASSERT_EQ(made.reason(), "") << made.status.error_message();
  EXPECT_NE(made->converted_company(), harrow);
  EXPECT_EQ(CountCompanies(), 2);
  EXPECT_EQ(Do(&Stub::ConvertLead, lead, "new_company: true")->etag(), made->etag());
  EXPECT_THAT(Do(&Stub::ConvertLead, Created("first_name: 'Cy'"), "new_company: true").fields(),
              ElementsAre("new_company"));
}

// DU-6: a number is shared, and who has another address is somebody else.
TEST_F(LeadConversionTest, MakesAContactBesideOneOfTheSameNumberAndAnotherAddress) {
  const std::string other = CreateContact(
      "first_name: 'Cy' emails { address: 'cy@harrow.example' } phones { raw: '+49 30 901820' }");
  const auto converted = Do(&Stub::ConvertLead, Created(kFull));
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  EXPECT_NE(converted->converted_contact(), other);
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(LeadConversionTest, TakesTheContactAndTheCompanyThatTheLeadNames) {
  const std::string bo = CreateContact("first_name: 'Bo'");
  const std::string acme = CreateCompany("display_name: 'Acme'");
  const std::string name =
      Created(absl::StrCat(kFull, " contact: '", bo, "' company: '", acme, "'"));
  const auto converted = Do(&Stub::ConvertLead, name);
  EXPECT_EQ(converted->converted_contact(), bo);
  EXPECT_EQ(converted->converted_company(), acme);
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(LeadConversionTest, NeedsAPersonAndRecordsThatAreThere) {
  EXPECT_EQ(Do(&Stub::ConvertLead, Created("company_name: 'Harrow'")).reason(), "NO_PERSON");
  const auto refused =
      Do(&Stub::ConvertLead, Created(kFull), "contact: 'contacts/01H00000000000000000000001'");
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(refused.fields(), ElementsAre("contact"));
  const auto no_stage = Do(&Stub::ConvertLead, Created(kFull),
                           "create_deal: true stage: 'pipelines/default/stages/none'");
  EXPECT_EQ(no_stage.reason(), "STAGE_NOT_FOUND");
  EXPECT_EQ(CountContacts(), 0);
  EXPECT_EQ(CountCompanies(), 0);
}

// Twice with one request id, with two, and with none.
TEST_F(LeadConversionTest, GivesTheSameWhoeverAsksAgain) {
  const std::string name = Created(kFull);
  const auto first = Do(&Stub::ConvertLead, name, "create_deal: true request_id: 'one'");
  for (const char* const again :
       {"create_deal: true request_id: 'one'", "create_deal: true request_id: 'two'", ""}) {
    const auto repeated = Do(&Stub::ConvertLead, name, again);
    EXPECT_EQ(repeated.reason(), "") << again;
    EXPECT_EQ(repeated->converted_contact(), first->converted_contact());
    EXPECT_EQ(repeated->converted_company(), first->converted_company());
    EXPECT_EQ(repeated->converted_deal(), first->converted_deal());
    EXPECT_EQ(repeated->etag(), first->etag());
  }
  EXPECT_EQ(Deals().size(), 1u);
  EXPECT_EQ(CountContacts(), 1);
  const std::string other = CreateContact("first_name: 'Bo'");
  const auto refused = Do(&Stub::ConvertLead, name, absl::StrCat("contact: '", other, "'"));
  EXPECT_EQ(refused.reason(), "LEAD_CONVERTED");
  EXPECT_EQ(refused.metadata("deal"), first->converted_deal());
  const auto without = Do(&Stub::ConvertLead, Created("first_name: 'Cy'"));
  EXPECT_EQ(Do(&Stub::ConvertLead, without->name(), "create_deal: true").reason(),
            "LEAD_CONVERTED");
}

// Goal: who asks for a new contact is not told that an old one is it, and who got one gets it
// again.
TEST_F(LeadConversionTest, RefusesToRepeatWithANewContactWhereNoneWasMade) {
  const std::string ada =
      CreateContact("first_name: 'Ada' emails { address: 'ada@harrow.example' }");
  const std::string found = Created(kFull);
  EXPECT_EQ(Do(&Stub::ConvertLead, found)->converted_contact(), ada);
  const auto refused = Do(&Stub::ConvertLead, found, "new_contact: true");
  EXPECT_EQ(refused.reason(), "LEAD_CONVERTED");
  EXPECT_EQ(refused.metadata("contact"), ada);
  EXPECT_EQ(CountContacts(), 1);
  const std::string made = Created(kFull);
  const auto first = Do(&Stub::ConvertLead, made, "new_contact: true");
  EXPECT_EQ(first.reason(), "");
  EXPECT_NE(first->converted_contact(), ada);
  for (const char* const again : {"new_contact: true", ""}) {
    EXPECT_EQ(Do(&Stub::ConvertLead, made, again)->etag(), first->etag()) << again;
  }
  EXPECT_THAT(Do(&Stub::ConvertLead, made,
                 absl::StrCat("new_contact: true contact: '", first->converted_contact(), "'"))
                  .fields(),
              ElementsAre("new_contact"));
  EXPECT_EQ(CountContacts(), 2);
  // The lead's own contact is none that is meant either.
  const std::string linked = Created(absl::StrCat("first_name: 'Cy' contact: '", ada, "'"));
  const auto other = Do(&Stub::ConvertLead, linked, "new_contact: true");
  EXPECT_NE(other->converted_contact(), ada);
  EXPECT_EQ(Do(&Stub::ConvertLead, linked, "new_contact: true")->etag(), other->etag());
}

// Goal: who asks for another deal than the one that was made is told so. Method: each thing that a
// request says of a deal, said otherwise; then the first request again, after the deal was moved.
TEST_F(LeadConversionTest, RefusesAnotherDealThanTheOneItMade) {
  const std::string name = Created(kFull);
  const std::string said =
      "create_deal: true deal_display_name: 'Cranes' "
      "stage: 'pipelines/default/stages/qualified' pipeline: 'pipelines/default' "
      "amount { currency_code: 'USD' units: 7 } "
      "expected_close_date { year: 2027 month: 1 day: 31 }";
  const auto first = Do(&Stub::ConvertLead, name, said);
  ASSERT_EQ(first.reason(), "") << first.status.error_message();
  for (const std::string& other :
       {std::string("stage: 'pipelines/default/stages/negotiation'"),
        std::string("pipeline: 'pipelines/other'"), std::string("deal_display_name: 'Other'"),
        std::string("amount { currency_code: 'EUR' units: 7 }"),
        std::string("expected_close_date { year: 2027 month: 2 day: 1 }"),
        absl::StrCat("deal_owner: '", CreateUser("display_name: 'Bo'"), "'")}) {
    const auto refused = Do(&Stub::ConvertLead, name, absl::StrCat("create_deal: true ", other));
    EXPECT_EQ(refused.reason(), "LEAD_CONVERTED") << other;
    EXPECT_EQ(refused.metadata("deal"), first->converted_deal()) << other;
  }
  EXPECT_THAT(Do(&Stub::ConvertLead, name, "stage: 'pipelines/default/stages/qualified'").fields(),
              ElementsAre("stage"));
  deals::v1::MoveDealRequest move;
  move.set_name(first->converted_deal());
  move.set_stage("pipelines/default/stages/proposal-sent");
  ASSERT_EQ(server_.Call(&deals::v1::DealsService::Stub::MoveDeal, move).reason(), "");
  EXPECT_EQ(Do(&Stub::ConvertLead, name, said)->etag(), first->etag());
  EXPECT_EQ(Deals().size(), 1u);
}

// Goal: who converts at once gets one contact, one company and one deal. Method: eight threads,
// each with its own request id, on one lead; then two leads of one person.
TEST_F(LeadConversionTest, MakesOneDealWhoeverRaces) {
  const std::string name = Created(kFull);
  std::vector<std::string> told(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < told.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto converted = Do(&Stub::ConvertLead, name,
                                absl::StrCat("create_deal: true request_id: 'race-", i, "'"));
      EXPECT_EQ(converted.reason(), "");
      told[i] = absl::StrCat(converted->converted_contact(), " ", converted->converted_company(),
                             " ", converted->converted_deal());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), 1u);
  EXPECT_EQ(Deals().size(), 1u);
  EXPECT_EQ(CountContacts(), 1);
  EXPECT_EQ(CountCompanies(), 1);
}

TEST_F(LeadConversionTest, MakesOneContactOfTwoLeadsOfOnePerson) {
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i) names.push_back(Created(kFull));
  std::vector<std::thread> threads;
  for (const std::string& name : names) {
    threads.emplace_back(
        [&, name] { EXPECT_EQ(Do(&Stub::ConvertLead, name, "create_deal: true").reason(), ""); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CountContacts(), 1);
  EXPECT_EQ(CountCompanies(), 1);
  EXPECT_EQ(Deals().size(), 6u);
}

TEST_F(LeadConversionTest, MakesOneCompanyOfLeadsThatCallItTheSame) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    const std::string name = Created(
        absl::StrCat("first_name: 'P' email: 'p", i, "@harrow.example' company_name: 'Harrow'"));
    threads.emplace_back([&, name] { EXPECT_EQ(Do(&Stub::ConvertLead, name).reason(), ""); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CountContacts(), 6);
  EXPECT_EQ(CountCompanies(), 1);
}

TEST_F(LeadConversionTest, IsOfLeadsThatAreThere) {
  const std::string name = Created(kFull);
  v1::DeleteLeadRequest remove;
  remove.set_name(name);
  EXPECT_EQ(server_.Call(&Stub::DeleteLead, remove).reason(), "");
  EXPECT_EQ(Do(&Stub::ConvertLead, name).reason(), "LEAD_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::ConvertLead, Created(kFull), "etag: '7'").reason(), "ETAG_MISMATCH");
}

// What is made needs the rights to make it, and what is hidden is not there.
TEST_F(LeadConversionTest, NeedsTheRightsToMakeWhatItMakes) {
  const std::string ada = CreateUser("roles: 'roles/sales-rep'");
  const std::string name = Created(absl::StrCat(kFull, " owner: '", ada, "'"));
  const auto refused = Do(&Stub::ConvertLead, name, "", KeyOf(ada, "leads.*"));
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("permission"), "companies.write");
  EXPECT_EQ(Get(name)->status(), v1::ASSIGNED);
}

TEST_F(LeadConversionTest, FindsNobodyThatTheCallerMayNotSee) {
  const std::string rep = CreateUser("roles: 'roles/sales-rep'");
  const std::string stranger = CreateUser("display_name: 'Eve'");
  const std::string hidden = CreateContact(absl::StrCat(
      "first_name: 'A' emails { address: 'ada@harrow.example' } owner: '", stranger, "'"));
  const std::string key = KeyOf(rep);
  // As if the address were nobody's.
  const auto converted = Do(&Stub::ConvertLead, Created(kFull, key), "", key);
  ASSERT_EQ(converted.reason(), "") << converted.status.error_message();
  EXPECT_NE(converted->converted_contact(), hidden);
  EXPECT_EQ(GetContact(converted->converted_contact()).owner(), rep);
  EXPECT_EQ(CountContacts(), 2);
  const auto unique = testing::Proto<workspaces::v1::UpdateWorkspaceRequest>(
      "workspace { unique_contact_emails: true } update_mask { paths: 'unique_contact_emails' }");
  EXPECT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, unique).reason(), "");
  // Where one contact alone may have it, it is refused in the words of that, which name nobody.
  const auto lead = Created("first_name: 'Ada' email: 'eve@harrow.example'", key);
  const std::string eve = CreateContact(absl::StrCat(
      "first_name: 'E' emails { address: 'eve@harrow.example' } owner: '", stranger, "'"));
  const auto refused = Do(&Stub::ConvertLead, lead, "", key);
  EXPECT_EQ(refused.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(refused.metadata("contact"), "");
  EXPECT_THAT(refused.status.error_details(), Not(HasSubstr(eve)));
}

// Addresses, domains and names are those of the workspace.
TEST_F(LeadConversionTest, FindsNobodyInAnotherWorkspace) {
  CreateContact("first_name: 'Ada' emails { address: 'ada@harrow.example' }");
  CreateCompany("display_name: 'Harrow' domains: 'harrow.example'");
  const std::string lead = Created(kFull);
  workspaces::v1::CreateWorkspaceRequest another;
  another.mutable_workspace()->set_display_name("another");
  const std::string key =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateWorkspace, another)->secret();
  EXPECT_EQ(Do(&Stub::ConvertLead, lead, "", key).reason(), "LEAD_NOT_FOUND");
  const auto converted = Do(&Stub::ConvertLead, Created(kFull, key), "create_deal: true", key);
  EXPECT_EQ(converted.reason(), "") << converted.status.error_message();
  contacts::v1::GetContactRequest get;
  get.set_name(converted->converted_contact());
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::GetContact, get).reason(),
            "CONTACT_NOT_FOUND");
  EXPECT_EQ(server_.CallWith(key, &contacts::v1::ContactsService::Stub::GetContact, get).reason(),
            "");
  EXPECT_EQ(CountContacts(), 1);
}

}  // namespace
}  // namespace kith::leads
