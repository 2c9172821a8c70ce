// Everything that mail templates bring to a server.
#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/mail_templates/v1/mail_templates_errors.pb.h"
#include "kith/mail_templates/v1/mail_templates_service.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "projections/mail_templates/mail_template_directory.h"
#include "services/core/merge_fields.h"
#include "services/core/reject.h"
#include "services/mail_templates/mail_template.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/reads/hide_erased.h"
#include "services/runtime/server_builder.h"

namespace kith::mail_templates {

namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status CheckFields(const v1::MailTemplate& mail_template) {
  google::rpc::BadRequest violations;
  CheckTemplate(mail_template, violations);
  return RejectFields(violations);
}

// The record as Get tells it to the caller at the read's moment.
template <class Request, class Resource>
absl::Status GetPart(const runtime::MethodTable& methods, const ReadContext& context,
                     const std::string& name, Resource* resource) {
  Request request;
  request.set_name(name);
  const runtime::BoundMethod* const get = runtime::FindGet(methods, eventstore::CategoryOf(name));
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *get, request, resource));
  runtime::HideErased(context.keys, context.workspace(), resource);
  return absl::OkStatus();
}

// The same of what a gap may be about: nothing where there is none, or the caller is not told.
template <class Request, class Resource>
absl::StatusOr<const Resource*> GetOptional(const runtime::MethodTable& methods,
                                            const ReadContext& context, const std::string& name,
                                            Resource* resource) {
  if (name.empty()) return nullptr;
  const absl::Status got = GetPart<Request>(methods, context, name, resource);
  if (absl::IsNotFound(got) || absl::IsPermissionDenied(got)) return nullptr;
  KITH_RETURN_IF_ERROR(got);
  return resource;
}

absl::Status Render(const runtime::MethodTable& methods, const ReadContext& context,
                    const v1::RenderMailTemplateRequest& request, v1::RenderedMail* response) {
  v1::MailTemplate mail_template;
  KITH_RETURN_IF_ERROR(
      GetPart<v1::GetMailTemplateRequest>(methods, context, request.name(), &mail_template));
  contacts::v1::Contact contact;
  KITH_RETURN_IF_ERROR(
      GetPart<contacts::v1::GetContactRequest>(methods, context, request.contact(), &contact));
  companies::v1::Company company;
  users::v1::User owner;
  deals::v1::Deal deal;
  MergeRecords records{.contact = &contact};
  KITH_ASSIGN_OR_RETURN(records.company, GetOptional<companies::v1::GetCompanyRequest>(
                                             methods, context, CompanyOf(contact), &company));
  KITH_ASSIGN_OR_RETURN(records.owner, GetOptional<users::v1::GetUserRequest>(
                                           methods, context, contact.owner(), &owner));
  KITH_ASSIGN_OR_RETURN(records.deal, GetOptional<deals::v1::GetDealRequest>(
                                          methods, context, request.deal(), &deal));
  if (!context.caller.grants.Show("MONEY")) deal.clear_amount();
  if (const auto* const address = AddressOf(contact)) records.address = address->address();
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  records.workspace = settings->display_name;

  auto merged = MergeTemplate(mail_template, records);
  if (!merged.ok()) {
    return RejectState(v1::MAIL_TEMPLATES_ERROR_TOO_LONG, merged.status().message(),
                       request.name());
  }
  response->set_mail_template(mail_template.name());
  response->set_template_etag(mail_template.etag());
  response->set_contact(contact.name());
  response->set_address(std::string(records.address));
  response->set_subject(std::move(merged->subject));
  response->set_text(std::move(merged->text));
  response->set_html(std::move(merged->html));
  response->mutable_empty_fields()->Assign(merged->empty_fields.begin(),
                                           merged->empty_fields.end());
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Read({MailTemplateDirectory::kName, "contact_directory", "company_directory",
                "user_directory", "deal_list"},
               ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::RenderMailTemplateRequest& request,
                          v1::RenderedMail* response) {
                 return Render(methods, context, request, response);
               });
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<MailTemplateAggregate>()
                             .NotFound(v1::MAIL_TEMPLATES_ERROR_MAIL_TEMPLATE_NOT_FOUND)
                             .LinkNotFound(v1::MAIL_TEMPLATES_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Check(CheckFields)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<MailTemplateAggregate, v1::GetMailTemplateRequest>(
      Rules(), std::make_unique<MailTemplateDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::mail_templates
