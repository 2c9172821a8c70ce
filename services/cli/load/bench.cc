#include "services/cli/load/bench.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/ulid.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/load/load.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

constexpr double kNumberMax = 1e6;

// Takes a flag that is a positive number; with `zero_too`, or 0.
template <class Number>
absl::Status TakeNumber(Arguments& arguments, absl::string_view flag, Number* value,
                        bool zero_too = false) {
  const auto text = arguments.Take(flag);
  if (!text.has_value()) return absl::OkStatus();
  double number = 0;
  if (!absl::SimpleAtod(*text, &number) || number > kNumberMax || number < 0 ||
      (!zero_too && static_cast<Number>(number) <= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, " takes a positive number, not ", *text));
  }
  *value = static_cast<Number>(number);
  return absl::OkStatus();
}

absl::Status TakeDuration(Arguments& arguments, absl::string_view flag, absl::Duration* value,
                          bool zero_too = false) {
  double seconds = absl::ToDoubleSeconds(*value);
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, flag, &seconds, zero_too));
  *value = absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::Status TakeAsOf(const LoadKindEntry& kind, Arguments& arguments, LoadTarget* target) {
  const auto moment = arguments.Take("as_of");
  if (!moment.has_value()) return absl::OkStatus();
  if (!kind.reads) {
    return absl::InvalidArgumentError(absl::StrCat("bench ", kind.name, " is always about now"));
  }
  // Any method that reads will do: all of them spell the moment alike.
  const Method* const method = Catalog::Linked().Find("deals", "get");
  KITH_CHECK(method != nullptr);
  deals::v1::GetDealRequest request;
  KITH_RETURN_IF_ERROR(SetAsOf(*method, *moment, &request));
  target->read = request.read();
  target->as_of = true;
  return absl::OkStatus();
}

absl::StatusOr<LoadOptions> TakeOptions(const LoadKindEntry& kind, const ClientOptions& client,
                                        Arguments& arguments) {
  LoadOptions options;
  options.address = client.address;
  options.credentials = client.credentials();
  options.in_flight = kind.in_flight;
  options.target.key = client.key;
  options.target.run = UlidGenerator(SystemClock(), SystemRandom()).Next();
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "in_flight", &options.in_flight));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "channels", &options.channels));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "rate", &options.rate));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "bytes", &options.target.text_bytes));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "contacts", &options.target.contacts));
  KITH_RETURN_IF_ERROR(TakeDuration(arguments, "seconds", &options.duration));
  KITH_RETURN_IF_ERROR(TakeDuration(arguments, "warm_up", &options.warm_up, true));
  KITH_RETURN_IF_ERROR(TakeAsOf(kind, arguments, &options.target));
  options.sessions = arguments.TakeSwitch("session");
  if (options.sessions && !kind.unary) {
    return absl::InvalidArgumentError(
        absl::StrCat("bench ", kind.name, " is no unary call, which is what sessions carry"));
  }
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 1));
  return options;
}

double Millis(const LoadResult& result, double quantile) {
  return absl::ToDoubleMilliseconds(result.latency.Quantile(quantile));
}

std::string FailuresAsText(const LoadResult& result, absl::string_view quote,
                           absl::string_view separator) {
  return absl::StrJoin(result.failures, separator, [&](std::string* text, const auto& failure) {
    absl::StrAppend(text, quote, failure.first, quote, ":", failure.second);
  });
}

void PrintJson(absl::string_view kind, const LoadOptions& options, const LoadResult& result,
               std::ostream& out) {
  out << absl::StrFormat(
      "{\"bench\":\"%s\",\"in_flight\":%d,\"channels\":%d,\"rate\":%g,\"seconds\":%.3f,"
      "\"calls\":%d,\"per_second\":%.1f,\"items\":%d,\"items_per_second\":%.1f,"
      "\"failures\":{%s},\"missed\":%d,\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f,"
      "\"p999_ms\":%.4f,\"request_bytes\":%d,\"response_bytes\":%d}\n",
      kind, options.in_flight, options.channels, options.rate,
      absl::ToDoubleSeconds(result.elapsed), result.calls, result.PerSecond(), result.items,
      result.ItemsPerSecond(), FailuresAsText(result, "\"", ","), result.missed,
      Millis(result, 0.5), Millis(result, 0.9), Millis(result, 0.99), Millis(result, 0.999),
      result.request_bytes, result.response_bytes);
}

void PrintText(const LoadResult& result, std::ostream& out) {
  out << absl::StrFormat("%s calls/s over %.1f s",
                         FormatCount(static_cast<int64_t>(result.PerSecond())),
                         absl::ToDoubleSeconds(result.elapsed));
  if (result.items > 0) {
    out << absl::StrFormat(", %s items/s",
                           FormatCount(static_cast<int64_t>(result.ItemsPerSecond())));
  }
  if (result.calls > 0) {
    out << absl::StrFormat("; latency p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, p99.9 %.3f ms",
                           Millis(result, 0.5), Millis(result, 0.9), Millis(result, 0.99),
                           Millis(result, 0.999));
  }
  out << '\n';
  if (!result.failures.empty()) out << "failed: " << FailuresAsText(result, "", ", ") << '\n';
  if (result.missed > 0) {
    out << FormatCount(static_cast<int64_t>(result.missed))
        << " calls were not begun: the server fell behind the rate\n";
  }
}

void PrintProgress(const LoadResult& sofar, const BenchOutput& output) {
  output.err << (output.live ? "\r" : "")
             << absl::StrFormat("%.0f s: %s/s", absl::ToDoubleSeconds(sofar.elapsed),
                                FormatCount(static_cast<int64_t>(
                                    sofar.items > 0 ? sofar.ItemsPerSecond() : sofar.PerSecond())));
  if (const uint64_t failures = sofar.Failures(); failures > 0) {
    output.err << ", " << FormatCount(static_cast<int64_t>(failures)) << " failed";
  }
  output.err << (output.live ? "\033[K" : "\n") << std::flush;
}

}  // namespace

absl::Status RunBench(const ClientOptions& client, Arguments arguments, const BenchOutput& output) {
  const std::string name = arguments.positional().empty() ? "" : arguments.positional()[0];
  KITH_ASSIGN_OR_RETURN(const LoadKindEntry* const kind, FindLoadKind(name));
  KITH_ASSIGN_OR_RETURN(const LoadOptions options, TakeOptions(*kind, client, arguments));
  const auto progress = [&output](const LoadResult& sofar) { PrintProgress(sofar, output); };
  const std::unique_ptr<LoadKind> load = kind->make();
  KITH_ASSIGN_OR_RETURN(const LoadResult result, output.json ? RunLoad(*load, options, nullptr)
                                                             : RunLoad(*load, options, progress));
  if (output.json) {
    PrintJson(kind->name, options, result, output.out);
  } else {
    if (output.live) output.err << "\r\033[K" << std::flush;
    PrintText(result, output.out);
  }
  if (result.failures.empty()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(result.Failures(), " calls failed, the first with: ", result.first_error));
}

}  // namespace kith::cli
