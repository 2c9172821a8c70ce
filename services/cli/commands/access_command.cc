// `kith access`: who could see a record, and why.
#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/text/render.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "all records"
std::string TextOf(users::v1::AccessWay way) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(users::v1::AccessWay_Name(way), {{"_", " "}}));
}

const FieldDescriptor* FieldOf(const Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

void PrintAccess(Session& session, const Message& request, const users::v1::RecordAccess& access) {
  const Style style = session.StyleWith(LinkNames(session, {&access}, request));
  TextTable table;
  for (const char* const title : {"USER", "MAY CHANGE", "WHY", "PERMISSION", "ROLES", "THROUGH"}) {
    table.AddColumn(title);
  }
  for (const users::v1::UserRecordAccess& user : access.users()) {
    for (int i = 0; i < user.reasons_size(); ++i) {
      const users::v1::AccessReason& reason = user.reasons(i);
      table.AddRow({i > 0 ? "" : CellOf(user, FieldOf(user, "user"), style),
                    i > 0               ? ""
                    : user.may_change() ? "yes"
                                        : "no",
                    TextOf(reason.way()), reason.permission(),
                    CellOf(reason, FieldOf(reason, "roles"), style),
                    CellOf(reason, FieldOf(reason, "through"), style)});
    }
  }
  for (const users::v1::KeyRecordAccess& key : access.keys()) {
    table.AddRow({key.display_name().empty() ? key.api_key() : key.display_name(),
                  key.may_change() ? "yes" : "no", "service's key",
                  absl::StrJoin(key.permissions(), " · "), "", ""});
  }
  if (table.empty()) {
    session.out() << "Nobody.\n";
    return;
  }
  table.Print(style.width, session.out());
  if (access.users_are_partial() || access.keys_are_partial()) session.err() << "There are more.\n";
}

}  // namespace

absl::Status RunAccess(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("users", "query-record-access");
  KITH_ASSIGN_OR_RETURN(const Arguments arguments, ParseFor(method, words, {}));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError("name a record, like deals/x");
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* const access =
      google::protobuf::DynamicCastToGenerated<users::v1::RecordAccess>(reply.get());
  KITH_CHECK(access != nullptr);
  PrintAccess(session, *request, *access);
  return absl::OkStatus();
}

}  // namespace kith::cli
