// Mail templates over gRPC: what is their own. What every resource does is asked in
// tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/mail_templates/v1/mail_templates_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::mail_templates {
namespace {

using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using testing::Proto;
using testing::Reply;
using Stub = v1::MailTemplatesService::Stub;

class MailTemplatesServiceTest : public ::testing::Test {
 protected:
  Reply<v1::MailTemplate> Create(const char* fields) {
    v1::CreateMailTemplateRequest create;
    *create.mutable_mail_template() = Proto<v1::MailTemplate>(fields);
    return server_.Call(&Stub::CreateMailTemplate, create);
  }
  std::string CreateContact(const char* fields) {
    contacts::v1::CreateContactRequest create;
    *create.mutable_contact() = Proto<contacts::v1::Contact>(fields);
    const auto made = server_.Call(&ContactsService::Stub::CreateContact, create);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  static v1::RenderMailTemplateRequest Rendering(const std::string& name,
                                                 const std::string& contact) {
    v1::RenderMailTemplateRequest request;
    request.set_name(name);
    request.set_contact(contact);
    return request;
  }
  Reply<v1::RenderedMail> Render(const v1::RenderMailTemplateRequest& request) {
    return server_.Call(&Stub::RenderMailTemplate, request);
  }

  testing::TestServer server_;
};

TEST_F(MailTemplatesServiceTest, AreFoundByTheNormalFormOfTheirName) {
  const auto first = Create("display_name: 'First One' subject: 'a' text: 'b'");
  ASSERT_EQ(first.reason(), "");
  ASSERT_EQ(Create("display_name: 'Another' subject: 'a' text: 'b'").reason(), "");
  v1::ListMailTemplatesRequest list;
  list.set_filter(R"(display_name = "first*")");
  const auto listed = server_.Call(&Stub::ListMailTemplates, list);
  ASSERT_EQ(listed->mail_templates_size(), 1) << listed.reason();
  EXPECT_EQ(listed->mail_templates(0).name(), first->name());
}

TEST_F(MailTemplatesServiceTest, AreRefusedWhereAGapIsNone) {
  EXPECT_THAT(Create("display_name: 'a' subject: '{{contact.frist_name}}' text: '{{> part}}'"
                     " html: '{{{contact.first_name}}}'")
                  .fields(),
              ElementsAre("mail_template.subject", "mail_template.text", "mail_template.html"));
  EXPECT_THAT(Create("display_name: 'a' subject: 'b' text: '{{#contact.first_name}}'").fields(),
              ElementsAre("mail_template.text"));
  EXPECT_THAT(Create("display_name: 'a' subject: 'b' text: 'c'"
                     " fallbacks { field: 'contact.nick' text: 'x' }")
                  .fields(),
              ElementsAre("mail_template.fallbacks[0].field"));
  const auto good = Create("display_name: 'a' subject: 'b' text: 'c'");
  v1::UpdateMailTemplateRequest update;
  update.mutable_mail_template()->set_name(good->name());
  update.mutable_mail_template()->set_text("{{x}}");
  EXPECT_THAT(server_.Call(&Stub::UpdateMailTemplate, update).fields(),
              ElementsAre("mail_template.text"));
}

TEST_F(MailTemplatesServiceTest, AreShownAsTheyWouldBeNowAndAsTheyWouldHaveBeen) {
  companies::v1::CreateCompanyRequest company;
  company.mutable_company()->set_display_name("Harrow & Sons");
  const std::string harrow =
      server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, company)->name();
  const std::string ada = CreateContact(
      absl::StrCat("first_name: 'Ada' emails { address: 'ada@example.com' } companies { company: '",
                   harrow, "' }")
          .c_str());
  deals::v1::CreateDealRequest deal;
  *deal.mutable_deal() =
      Proto<deals::v1::Deal>("display_name: 'Mill' amount { currency_code: 'EUR' units: 10 }");
  const auto mill = server_.Call(&deals::v1::DealsService::Stub::CreateDeal, deal);
  const auto made = Create(R"(display_name: "Offer" subject: "{{deal.display_name}}"
      text: "{{contact.first_name}}, {{deal.amount}}{{owner.email}}"
      html: "<b>{{company.display_name}}</b>"
      fallbacks { field: "contact.salutation" text: "x" })");
  ASSERT_EQ(made.reason(), "");
  auto request = Rendering(made->name(), ada);
  request.set_deal(mill->name());
  const auto now = Render(request);
  ASSERT_EQ(now.reason(), "");
  EXPECT_EQ(now->subject(), "Mill");
  EXPECT_EQ(now->text(), "Ada, 10.00 EUR");
  EXPECT_EQ(now->html(), "<b>Harrow &amp; Sons</b>");
  EXPECT_EQ(now->address(), "ada@example.com");
  EXPECT_EQ(now->template_etag(), made->etag());
  EXPECT_THAT(now->empty_fields(), ElementsAre("owner.email"));

  contacts::v1::UpdateContactRequest rename;
  rename.mutable_contact()->set_name(ada);
  rename.mutable_contact()->set_first_name("Augusta");
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, rename).reason(), "");
  EXPECT_EQ(Render(request)->text(), "Augusta, 10.00 EUR");
  request.mutable_read()->set_token(made.token);
  EXPECT_EQ(Render(request)->text(), "Ada, 10.00 EUR");
}

TEST_F(MailTemplatesServiceTest, AreShownOfWhatIsThere) {
  const auto made = Create("display_name: 'a' subject: '{{contact.first_name}}' text: 'c'");
  EXPECT_EQ(Render(Rendering(made->name(), "contacts/none")).reason(), "CONTACT_NOT_FOUND");
  const std::string ada = CreateContact("first_name: 'Ada'");
  EXPECT_EQ(Render(Rendering("mailTemplates/none", ada)).reason(), "MAIL_TEMPLATE_NOT_FOUND");
  auto request = Rendering(made->name(), ada);
  request.set_deal("deals/none");
  EXPECT_EQ(Render(request)->subject(), "Ada");
  EXPECT_EQ(Render(request)->address(), "");
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada).ok());
  EXPECT_EQ(Render(request)->subject(), "");
}

TEST_F(MailTemplatesServiceTest, AreShownToWhoMayReadTheContact) {
  const auto made = Create("display_name: 'a' subject: '{{contact.first_name}}' text: 'c'");
  const std::string ada = CreateContact("first_name: 'Ada'");
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("templates");
  key.mutable_api_key()->add_permissions("mail_templates.read");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  EXPECT_EQ(
      server_.CallWith(secret, &Stub::RenderMailTemplate, Rendering(made->name(), ada)).reason(),
      "PERMISSION_DENIED");
}

}  // namespace
}  // namespace kith::mail_templates
