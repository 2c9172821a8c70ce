// `kith board`: what stands in each stage of a pipeline.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

// "12.00 EUR, 5.00 USD": one sum for each currency.
std::string SumsOf(const google::protobuf::RepeatedPtrField<google::type::Money>& sums) {
  return absl::StrJoin(sums, ", ", [](std::string* text, const google::type::Money& sum) {
    absl::StrAppend(text, FormatMoney(sum));
  });
}

void PrintBoard(const deals::v1::PipelineBoard& board, Session& session) {
  TextTable table;
  using Align = TextTable::Align;
  table.AddColumn("STAGE");
  table.AddColumn("PROBABILITY", Align::kRight);
  table.AddColumn("DEALS", Align::kRight);
  table.AddColumn("AMOUNT", Align::kRight, false);
  table.AddColumn("WEIGHTED", Align::kRight, false);
  table.AddColumn("AVERAGE AGE", Align::kRight);
  table.AddColumn("ROTTING", Align::kRight);
  for (const auto& stage : board.stages()) {
    table.AddRow({stage.display_name().empty() ? stage.stage() : stage.display_name(),
                  absl::StrCat(stage.probability(), " %"), FormatCount(stage.count()),
                  SumsOf(stage.amount()), SumsOf(stage.weighted_amount()),
                  stage.has_average_age() ? FormatDuration(stage.average_age()) : "",
                  stage.rotting_count() > 0 ? FormatCount(stage.rotting_count()) : ""});
  }
  session.out() << board.pipeline() << " at "
                << FormatTimestamp(board.read_time(), session.options().zone) << '\n';
  table.Print(session.options().width, session.out());
  if (board.counts_are_at_least()) {
    session.out() << "More is shared with you than is counted here.\n";
  }
}

}  // namespace

absl::Status RunBoard(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("deals", "get-pipeline-board");
  KITH_ASSIGN_OR_RETURN(const Arguments arguments, ParseFor(method, words));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* board =
      google::protobuf::DynamicCastToGenerated<deals::v1::PipelineBoard>(reply.get());
  KITH_CHECK(board != nullptr);
  PrintBoard(*board, session);
  return absl::OkStatus();
}

}  // namespace kith::cli
