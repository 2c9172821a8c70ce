// Everything that visitors bring to a server.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/visitors/v1/sites_service.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "projections/tables/merged_names.h"
#include "projections/visitors/contact_touch_list.h"
#include "projections/visitors/site_directory.h"
#include "projections/visitors/site_traffic.h"
#include "projections/visitors/visit_list.h"
#include "projections/visitors/visitor_directory.h"
#include "services/runtime/calls/embedding.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/resources/owned_records.h"
#include "services/runtime/resources/under_contact.h"
#include "services/runtime/server_builder.h"
#include "services/visitors/embedding.h"
#include "services/visitors/site.h"
#include "services/visitors/visit_reader.h"
#include "services/visitors/visitor.h"
#include "services/visitors/visitor_commands.h"
#include "services/visitors/visitor_pages.h"

namespace kith::visitors {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status GetEmbedding(const runtime::MethodTable& methods, const std::string& server_url,
                          const ReadContext& context, const v1::GetSiteEmbeddingRequest& request,
                          v1::SiteEmbedding* response) {
  KITH_ASSIGN_OR_RETURN(const auto record, runtime::ReadRecord(context, methods, request.name()));
  const auto& site = static_cast<const v1::Site&>(*record);
  const std::string id =
      PublicIdOf(context.log.token_sealer(), context.workspace(), request.name());
  const std::string path = absl::StrCat("/v/", id, "/kith.js");
  runtime::TellEmbedding({.kind = "site",
                          .public_url = site.public_url(),
                          .server_url = server_url,
                          .public_id = id,
                          .path = path,
                          .script = path},
                         response);
  return absl::OkStatus();
}

void BindEmbedding(runtime::MethodTable& methods, const std::string& server_url) {
  methods.Read(
      SiteDirectory::kName, ReadKind::kScan,
      [&methods, server_url](const ReadContext& context, const v1::GetSiteEmbeddingRequest& request,
                             v1::SiteEmbedding* response) {
        return GetEmbedding(methods, server_url, context, request, response);
      });
}

absl::Status GetReport(const runtime::MethodTable& methods, const ReadContext& context,
                       const v1::GetSiteReportRequest& request, v1::SiteReport* response) {
  KITH_RETURN_IF_ERROR(runtime::ReadRecord(context, methods, request.name()).status());
  KITH_RETURN_IF_ERROR(
      SiteTraffic::Reports()
          .Get(context.view(1), context.workspace(), request.name(), context.tier, response)
          .status());
  response->set_site(request.name());
  return absl::OkStatus();
}

absl::Status GetTouches(const runtime::Runtime& runtime, const ReadContext& context,
                        const v1::GetContactTouchesRequest& request, v1::ContactTouches* response) {
  const std::string& contact = request.contact();
  KITH_ASSIGN_OR_RETURN(
      const bool is_seen,
      runtime.owned->Sees(context, contact,
                          runtime::MethodOf<v1::GetContactTouchesRequest>().permission));
  if (!is_seen) return NoSuchParent("contact", contact);
  static const auto& merged =
      *new projections::MergedNames(contacts::v1::Contact::default_instance());
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        merged.AllOf(context.view(1), context.workspace(), contact, context.tier));
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(
        const auto touches,
        ContactTouchList::Contacts().Get(context.view(), context.workspace(), name, context.tier));
    if (touches.has_value()) AddTouches(*touches, *response);
  }
  response->set_contact(names.front());
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  methods.Command<v1::RecordPageViewsRequest, v1::Visitor>(VisitorCommands());
  methods.Command<v1::IdentifyVisitorRequest, v1::Visitor>(VisitorCommands());
  methods.Command<v1::CountSiteTrafficRequest, v1::CountSiteTrafficResponse>(VisitorCommands());
  methods.Read({ContactTouchList::kName, runtime::kContactDirectory}, ReadKind::kScan,
               [&runtime](const ReadContext& context, const v1::GetContactTouchesRequest& request,
                          v1::ContactTouches* response) {
                 return GetTouches(runtime, context, request, response);
               });
  const auto reader = std::make_shared<const VisitReader>(runtime);
  // A scan, although of one row: what was looked at stands in the log.
  methods.Read(VisitList::kName, ReadKind::kScan,
               [reader](const ReadContext& context, const v1::GetVisitRequest& request,
                        v1::Visit* response) { return reader->Get(context, request, response); });
  methods.Read({VisitList::kName, runtime::kContactDirectory}, ReadKind::kScan,
               [reader](const ReadContext& context, const v1::ListVisitsRequest& request,
                        v1::ListVisitsResponse* response) {
                 return reader->List(context, request, response);
               });
  // Where EmbedFrom has not.
  const auto& embedding = *runtime::MethodOf<v1::GetSiteEmbeddingRequest>().descriptor;
  if (!methods.IsBound(embedding)) BindEmbedding(methods, "");
  methods.Read({SiteDirectory::kName, SiteTraffic::kName}, ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::GetSiteReportRequest& request,
                          v1::SiteReport* response) {
                 return GetReport(methods, context, request, response);
               });
}

}  // namespace

void EmbedFrom(runtime::ServerBuilder& server, const std::string& public_url) {
  server.Serve([public_url](runtime::Runtime&, runtime::MethodTable& methods) {
    BindEmbedding(methods, public_url);
  });
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<SiteAggregate, v1::GetSiteRequest>(SiteRules(),
                                                        std::make_unique<SiteDirectory>());
  server.AddResource<VisitorAggregate, v1::GetVisitorRequest>(VisitorRules(),
                                                              std::make_unique<VisitorDirectory>());
  server.RegisterEvents<v1::SiteTrafficEvent>(kTraffic);
  server.AddProjection(std::make_unique<VisitList>());
  server.AddProjection(std::make_unique<SiteTraffic>());
  server.AddProjection(std::make_unique<ContactTouchList>());
  server.Serve(BindMethods);
  server.AddPages([](runtime::Runtime& runtime, const runtime::MethodTable& methods) {
    return std::make_unique<VisitorPages>(runtime, methods);
  });
}

}  // namespace kith::visitors
