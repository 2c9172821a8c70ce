// Everything that forms bring to a server.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/forms/v1/form_submissions_service.pb.h"
#include "kith/forms/v1/forms_service.pb.h"
#include "projections/forms/form_directory.h"
#include "projections/forms/form_submission_directory.h"
#include "projections/forms/form_traffic.h"
#include "services/forms/embedding.h"
#include "services/forms/form.h"
#include "services/forms/form_commands.h"
#include "services/forms/form_pages.h"
#include "services/runtime/calls/embedding.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/server_builder.h"

namespace kith::forms {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status GetEmbedding(const runtime::MethodTable& methods, const std::string& server_url,
                          const ReadContext& context, const v1::GetFormEmbeddingRequest& request,
                          v1::FormEmbedding* response) {
  KITH_ASSIGN_OR_RETURN(const auto record, runtime::ReadRecord(context, methods, request.name()));
  const auto& form = static_cast<const v1::Form&>(*record);
  const std::string id =
      PublicIdOf(context.log.token_sealer(), context.workspace(), request.name());
  const std::string path = absl::StrCat("/f/", id);
  runtime::TellEmbedding({.kind = "form",
                          .public_url = form.public_url(),
                          .server_url = server_url,
                          .public_id = id,
                          .path = path,
                          .script = absl::StrCat(path, ".js")},
                         response);
  return absl::OkStatus();
}

void BindEmbedding(runtime::MethodTable& methods, const std::string& server_url) {
  methods.Read(
      FormDirectory::kName, ReadKind::kScan,
      [&methods, server_url](const ReadContext& context, const v1::GetFormEmbeddingRequest& request,
                             v1::FormEmbedding* response) {
        return GetEmbedding(methods, server_url, context, request, response);
      });
}

absl::Status GetReport(const runtime::MethodTable& methods, const ReadContext& context,
                       const v1::GetFormReportRequest& request, v1::FormReport* response) {
  KITH_RETURN_IF_ERROR(runtime::ReadRecord(context, methods, request.name()).status());
  KITH_RETURN_IF_ERROR(
      FormTraffic::Reports()
          .Get(context.view(1), context.workspace(), request.name(), context.tier, response)
          .status());
  response->set_form(request.name());
  if (response->views() > 0) {
    response->set_conversion_percent(100.0 * static_cast<double>(response->submissions()) /
                                     static_cast<double>(response->views()));
  }
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const FormCommands commands(runtime, methods);
  methods.Command<v1::PublishFormRequest, v1::Form>(commands);
  methods.Command<v1::UnpublishFormRequest, v1::Form>(commands);
  methods.Command<v1::SubmitFormRequest, v1::FormSubmission>(commands);
  methods.Command<v1::CountFormTrafficRequest, v1::CountFormTrafficResponse>(commands);
  methods.Command<v1::ConfirmFormSubmissionRequest, v1::FormSubmission>(commands);
  // Where EmbedFrom has not.
  const auto& embedding = *runtime::MethodOf<v1::GetFormEmbeddingRequest>().descriptor;
  if (!methods.IsBound(embedding)) BindEmbedding(methods, "");
  methods.Read({FormDirectory::kName, FormTraffic::kName}, ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::GetFormReportRequest& request,
                          v1::FormReport* response) {
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
  server.AddResource<FormAggregate, v1::GetFormRequest>(FormRules(),
                                                        std::make_unique<FormDirectory>());
  server.AddResource<SubmissionAggregate, v1::GetFormSubmissionRequest>(
      SubmissionRules(), std::make_unique<FormSubmissionDirectory>());
  server.RegisterEvents<v1::FormTrafficEvent>(kTraffic);
  server.AddProjection(std::make_unique<FormTraffic>());
  server.Serve(BindMethods);
  server.AddPages([](runtime::Runtime& runtime, const runtime::MethodTable& methods) {
    return std::make_unique<FormPages>(runtime, methods);
  });
}

}  // namespace kith::forms
