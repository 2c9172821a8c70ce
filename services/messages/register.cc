// Everything that messages bring to a server.
#include <memory>

#include "projections/messages/mail_delivery_policy.h"
#include "projections/messages/message_directory.h"
#include "projections/messages/message_reports.h"
#include "services/messages/message.h"
#include "services/messages/message_commands.h"
#include "services/messages/message_pages.h"
#include "services/messages/message_reader.h"
#include "services/messages/message_report.h"
#include "services/runtime/server_builder.h"

namespace kith::messages {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const auto reader = std::make_shared<const MessageReader>(runtime);
  const MessageCommands commands(methods, reader);
  methods.Command<v1::SendMessageRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageSentRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageFailedRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageOpenedRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageClickedRequest, v1::Message>(commands);
  methods.Command<v1::CountMessageTrafficRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageBouncedRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageUnsubscribedRequest, v1::Message>(commands);
  methods.Command<v1::RecordMessageResubscribedRequest, v1::Message>(commands);
  // A scan, although of one row: what it says stands in the log.
  methods.Read(MessageDirectory::kName, ReadKind::kScan,
               [reader](const ReadContext& context, const v1::GetMessageRequest& request,
                        v1::Message* response) { return reader->Get(context, request, response); });
  methods.Read(
      runtime::MethodOf<v1::ListMessagesRequest>(), MessageDirectory::kName, ReadKind::kScan,
      [reader](const ReadContext& context, const google::protobuf::Message& request,
               google::protobuf::Message* response) {
        return reader->List(context, static_cast<const v1::ListMessagesRequest&>(request),
                            static_cast<v1::ListMessagesResponse*>(response));
      },
      [reader](const google::protobuf::Message& request) {
        return reader->ViewsFor(static_cast<const v1::ListMessagesRequest&>(request).parent());
      });
  methods.Read({MessageReports::kName, "mail_template_directory"}, ReadKind::kPoint,
               GetMessageReport);
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddPart<MessageAggregate>();
  server.RegisterEvents<v1::SendingDayEvent>(SendingDayAggregate::kCategory);
  server.AddProjection(std::make_unique<MessageDirectory>());
  server.AddProjection(std::make_unique<MessageReports>());
  server.AddPolicy(std::make_unique<MailDeliveryPolicy>());
  server.Serve(BindMethods);
  server.AddPages([](runtime::Runtime& runtime, const runtime::MethodTable& methods) {
    return std::make_unique<MessagePages>(runtime, methods);
  });
}

}  // namespace kith::messages
