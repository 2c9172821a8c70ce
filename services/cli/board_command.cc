// `kith board`: what stands in each stage of a pipeline.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/cli/commands.h"
#include "services/cli/render.h"
#include "services/cli/request.h"
#include "services/cli/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

// Sums by currency. Amounts of one board fit an int64 of units, as the server's own sums do.
class Sums {
 public:
  void Add(const google::type::Money& money) {
    google::type::Money& sum = by_currency_[money.currency_code()];
    constexpr int32_t kNanosPerUnit = 1'000'000'000;
    const int64_t nanos = int64_t{sum.nanos()} + money.nanos();
    sum.set_currency_code(money.currency_code());
    sum.set_units(sum.units() + money.units() + nanos / kNanosPerUnit);
    sum.set_nanos(static_cast<int32_t>(nanos % kNanosPerUnit));
  }

  std::string Text() const {
    std::string text;
    for (const auto& [currency, sum] : by_currency_) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", FormatMoney(sum));
    }
    return text;
  }

 private:
  std::map<std::string, google::type::Money> by_currency_;
};

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
  int64_t count = 0, rotting = 0;
  Sums total_amount, total_weighted;
  for (const auto& stage : board.stages()) {
    Sums amount, weighted;
    for (const auto& money : stage.amount()) {
      amount.Add(money);
      total_amount.Add(money);
    }
    for (const auto& money : stage.weighted_amount()) {
      weighted.Add(money);
      total_weighted.Add(money);
    }
    count += stage.count();
    rotting += stage.rotting_count();
    table.AddRow({stage.display_name().empty() ? stage.stage() : stage.display_name(),
                  absl::StrCat(stage.probability(), " %"), FormatCount(stage.count()),
                  amount.Text(), weighted.Text(),
                  stage.has_average_age() ? FormatDuration(stage.average_age()) : "",
                  stage.rotting_count() > 0 ? FormatCount(stage.rotting_count()) : ""});
  }
  table.AddRule();
  table.AddRow({"", "", FormatCount(count), total_amount.Text(), total_weighted.Text(), "",
                rotting > 0 ? FormatCount(rotting) : ""});
  session.out() << board.pipeline() << " at "
                << FormatTimestamp(board.read_time(), session.options().zone) << '\n';
  table.Print(session.out());
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
