// `kith <collection> <verb>`: any method, known by its descriptor only.
#include "eventstore/base/status_macros.h"
#include "services/cli/commands.h"
#include "services/cli/listing.h"
#include "services/cli/render.h"
#include "services/cli/request.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

void PrintReply(Session& session, const Message& reply) {
  if (session.options().json) {
    session.out() << ToJson(reply, true);
  } else if (reply.GetDescriptor()->field_count() == 0) {
    session.out() << "Done.\n";
  } else {
    PrintFields(reply, session.options().zone, session.out());
  }
}

// Every message of the stream, as JSON lines.
absl::Status RunStream(Session& session, const Method& method, const Message& request) {
  return session.client().ReadStream(method, request, [&](const Message& message) {
    session.out() << ToJson(message, false) << '\n' << std::flush;
    return true;
  });
}

}  // namespace

absl::Status RunMethod(Session& session, const Method& method,
                       const std::vector<std::string>& words) {
  if (method.stream != nullptr) return RunItems(session, method, words);
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(method, words, {"all"}));
  ListLimit limit;
  if (method.items != nullptr) {
    KITH_ASSIGN_OR_RETURN(limit, TakeLimit(&arguments));
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  if (method.descriptor->server_streaming()) return RunStream(session, method, *request);
  if (method.items != nullptr) {
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                          ListItems(session, method, *request, limit));
    PrintList(session, method, *reply);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  PrintReply(session, *reply);
  return absl::OkStatus();
}

}  // namespace kith::cli
