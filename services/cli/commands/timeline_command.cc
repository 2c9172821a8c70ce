// `kith timeline`: everything that happened with a contact, a deal, a company or a lead, newest
// first.
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/commands/listing.h"
#include "services/cli/commands/timeline_table.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {

using google::protobuf::Message;

absl::Status RunTimeline(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("interactions", "list-timeline");
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(method, words, {"all", "csv"}));
  KITH_ASSIGN_OR_RETURN(const ListLimit limit, TakeLimit(&arguments));
  KITH_ASSIGN_OR_RETURN(const ListLook look, TakeLook(session, method, &arguments));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError("name a contact, a deal, a company or a lead, like deals/x");
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        ListItems(session, method, *request, limit));
  if (session.options().json || look.csv || look.are_said) {
    PrintList(session, method, look, *request, *reply);
    return absl::OkStatus();
  }
  const auto* timeline =
      google::protobuf::DynamicCastToGenerated<interactions::v1::ListTimelineResponse>(reply.get());
  KITH_CHECK(timeline != nullptr);
  PrintTimeline(session, timeline->entries(),
                session.StyleWith(LinkNames(session, {timeline}, *request)),
                TimelineOf::kOneRecord);
  if (!timeline->next_page_token().empty()) {
    session.err() << "The newest " << FormatCount(timeline->entries_size())
                  << "; --limit N or --all shows more.\n";
  }
  return absl::OkStatus();
}

}  // namespace kith::cli
