// `kith hand-over`: every record of one owner becomes another's, page by page.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/short_links.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
using users::v1::BatchChangeOwnerResponse;

void PrintPage(const BatchChangeOwnerResponse& page, Session& session) {
  if (session.options().json) {
    session.out() << ToJson(page, false) << '\n';
    return;
  }
  for (const std::string& record : page.records()) session.out() << record << '\n';
}

}  // namespace

absl::Status RunHandOver(Session& session, const std::vector<std::string>& words) {
  if (words.size() < 2 || absl::StartsWith(words[0], "--") || absl::StartsWith(words[1], "--")) {
    return absl::InvalidArgumentError(
        "name whose records they are and whose they become: "
        "kith hand-over FROM TO");
  }
  std::vector<std::string> flags = {words[0], "--new-owner", words[1]};
  flags.insert(flags.end(), words.begin() + 2, words.end());
  const Method& method = session.Require("users", "batch-change-owner");
  KITH_ASSIGN_OR_RETURN(const Arguments arguments, ParseFor(method, flags));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_RETURN_IF_ERROR(ShortLinks(session).Complete(request.get()));
  int64_t given = 0;
  BatchChangeOwnerResponse last;
  do {
    const std::unique_ptr<Message> page(request->New());
    page->CopyFrom(*request);
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *page));
    last.CopyFrom(*reply);
    PrintPage(last, session);
    given += last.records_size();
  } while (last.more() && last.records_size() > 0);
  for (const users::v1::RefusedRecord& refused : last.refused()) {
    session.err() << refused.name() << ": " << refused.status().message() << '\n';
  }
  session.err() << FormatCount(given) << (given == 1 ? " record was" : " records were")
                << " handed over\n";
  if (last.refused_size() == 0 && !last.hidden_records()) return absl::OkStatus();
  if (last.refused_size() == 0) {
    return absl::FailedPreconditionError("others stayed that the credentials do not show");
  }
  return absl::FailedPreconditionError(absl::StrCat(FormatCount(last.refused_size()),
                                                    last.more() ? " or more" : "",
                                                    " stayed where they are: see above"));
}

}  // namespace kith::cli
