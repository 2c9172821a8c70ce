// Everything that received mails bring to a server.
#include <memory>

#include "projections/received_mails/mail_threads.h"
#include "projections/received_mails/received_mail_directory.h"
#include "services/received_mails/received_mail.h"
#include "services/received_mails/received_mail_commands.h"
#include "services/received_mails/received_mail_reader.h"
#include "services/received_mails/thread_reader.h"
#include "services/runtime/resources/under_contact.h"
#include "services/runtime/server_builder.h"

namespace kith::received_mails {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// All are scans, although some are of one row: what a mail says stands in the log.
void BindReads(const runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const auto mails = std::make_shared<const ReceivedMailReader>(runtime);
  methods.Read(
      ReceivedMailDirectory::kName, ReadKind::kScan,
      [mails](const ReadContext& context, const v1::GetReceivedMailRequest& request,
              v1::ReceivedMail* response) { return mails->Get(context, request, response); });
  methods.Read(ReceivedMailDirectory::kName, ReadKind::kScan,
               [mails](const ReadContext& context, const v1::ReadMailAttachmentRequest& request,
                       v1::ReadMailAttachmentResponse* response) {
                 return mails->ReadAttachment(context, request, response);
               });
  methods.Read({ReceivedMailDirectory::kName, runtime::kContactDirectory}, ReadKind::kScan,
               [mails](const ReadContext& context, const v1::ListReceivedMailsRequest& request,
                       v1::ListReceivedMailsResponse* response) {
                 return mails->List(context, request, response);
               });
  const auto threads = std::make_shared<const ThreadReader>(runtime, methods);
  methods.Read(
      {MailThreads::kName, "message_directory"}, ReadKind::kScan,
      [threads](const ReadContext& context, const v1::GetMailThreadRequest& request,
                v1::MailThread* response) { return threads->Get(context, request, response); });
  methods.Read({MailThreads::kName, "message_directory"}, ReadKind::kScan,
               [threads](const ReadContext& context, const v1::ListMailThreadsRequest& request,
                         v1::ListMailThreadsResponse* response) {
                 return threads->List(context, request, response);
               });
  methods.Read({MailThreads::kName, "timeline", "message_directory"}, ReadKind::kScan,
               [threads](const ReadContext& context, const v1::ReadMailThreadRequest& request,
                         v1::ReadMailThreadResponse* response) {
                 return threads->Read(context, request, response);
               });
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddPart<ReceivedMailAggregate>();
  server.AddProjection(std::make_unique<ReceivedMailDirectory>());
  server.AddProjection(std::make_unique<MailThreads>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    methods.Command<v1::ReceiveMailRequest, v1::ReceivedMail>(
        ReceivedMailCommands(server.resources(), runtime, methods));
    BindReads(runtime, methods);
  });
}

}  // namespace kith::received_mails
