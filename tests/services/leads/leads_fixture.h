// What tests of leads share: a server, and leads, contacts, companies and users on it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::leads {

class LeadsFixture : public ::testing::Test {
 protected:
  using Stub = v1::LeadsService::Stub;

  // `adjust` changes the server's options.
  explicit LeadsFixture(std::function<void(runtime::ServerOptions&)> adjust = nullptr)
      : server_(nullptr, std::move(adjust)) {}

  template <class StubMethod, class Request>
  std::string Make(StubMethod method, const Request& request, const std::string& key = "") {
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key, method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string CreateUser(const std::string& text) {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = testing::Proto<users::v1::User>(text);
    if (request.user().display_name().empty()) request.mutable_user()->set_display_name("Ada");
    return Make(&users::v1::UsersService::Stub::CreateUser, request);
  }
  std::string CreateTeam() {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name("North");
    return Make(&teams::v1::TeamsService::Stub::CreateTeam, request);
  }
  std::string KeyOf(const std::string& user, const std::string& permission = "*") {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Theirs");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions(permission);
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = testing::Proto<contacts::v1::Contact>(text);
    return Make(&contacts::v1::ContactsService::Stub::CreateContact, request);
  }
  contacts::v1::Contact GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    return server_.Call(&contacts::v1::ContactsService::Stub::GetContact, request).response;
  }
  std::string CreateCompany(const std::string& text) {
    companies::v1::CreateCompanyRequest request;
    *request.mutable_company() = testing::Proto<companies::v1::Company>(text);
    return Make(&companies::v1::CompaniesService::Stub::CreateCompany, request);
  }
  testing::Reply<v1::Lead> Create(const std::string& text, const std::string& key = "") {
    v1::CreateLeadRequest request;
    *request.mutable_lead() = testing::Proto<v1::Lead>(text);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::CreateLead, request);
  }
  std::string Created(const std::string& text, const std::string& key = "") {
    const auto made = Create(text, key);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  testing::Reply<v1::Lead> Get(const std::string& name, const std::string& as_of = "") {
    v1::GetLeadRequest request;
    request.set_name(name);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.Call(&Stub::GetLead, request);
  }
  testing::Reply<v1::Lead> Update(const std::string& name, const std::string& text) {
    v1::UpdateLeadRequest request;
    *request.mutable_lead() = testing::Proto<v1::Lead>(text);
    request.mutable_lead()->set_name(name);
    return server_.Call(&Stub::UpdateLead, request);
  }
  template <class Request>
  testing::Reply<v1::Lead> Do(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           v1::Lead*),
                              const std::string& name, const std::string& text = "",
                              const std::string& key = "") {
    auto request = testing::Proto<Request>(text);
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, method, request);
  }
  // Their names, in the order asked for.
  std::vector<std::string> List(const std::string& filter, const std::string& order_by = "") {
    v1::ListLeadsRequest request;
    request.set_filter(filter);
    request.set_order_by(order_by);
    const auto listed = server_.Call(&Stub::ListLeads, request);
    EXPECT_EQ(listed.reason(), "") << filter << ": " << listed.status.error_message();
    std::vector<std::string> names;
    for (const v1::Lead& lead : listed->leads()) names.push_back(lead.name());
    return names;
  }
  int CountContacts() {
    return server_
        .Call(&contacts::v1::ContactsService::Stub::ListContacts,
              contacts::v1::ListContactsRequest())
        ->contacts_size();
  }
  int CountCompanies() {
    return server_
        .Call(&companies::v1::CompaniesService::Stub::ListCompanies,
              companies::v1::ListCompaniesRequest())
        ->companies_size();
  }
  std::vector<deals::v1::Deal> Deals() {
    const auto listed =
        server_.Call(&deals::v1::DealsService::Stub::ListDeals, deals::v1::ListDealsRequest());
    return {listed->deals().begin(), listed->deals().end()};
  }

  testing::TestServer server_;
};

}  // namespace kith::leads
