#include "services/cli/bench.h"

#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/load.h"

namespace kith::cli {
namespace {

// Takes a flag that is a positive number.
template <class Number>
absl::Status TakeNumber(Arguments& arguments, absl::string_view flag, Number* value) {
  const auto text = arguments.Take(flag);
  if (!text.has_value()) return absl::OkStatus();
  double number = 0;
  if (!absl::SimpleAtod(*text, &number) || number <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, " takes a positive number, not ", *text));
  }
  *value = static_cast<Number>(number);
  return absl::OkStatus();
}

double Millis(const LoadResult& result, double quantile) {
  return absl::ToDoubleMilliseconds(result.latency.Quantile(quantile));
}

void PrintJson(const std::string& what, const LoadOptions& options, const LoadResult& result) {
  std::printf(
      "{\"bench\":\"%s\",\"in_flight\":%d,\"channels\":%d,\"rate\":%g,\"seconds\":%.3f,\"calls\":%"
      "llu,"
      "\"failures\":%llu,\"missed\":%llu,\"per_second\":%.1f,\"p50_ms\":%.4f,\"p90_ms\":%.4f,"
      "\"p99_ms\":%.4f,\"p999_ms\":%.4f}\n",
      what.c_str(), options.in_flight, options.channels, options.rate,
      absl::ToDoubleSeconds(result.elapsed), static_cast<unsigned long long>(result.calls),
      static_cast<unsigned long long>(result.failures),
      static_cast<unsigned long long>(result.missed), result.PerSecond(), Millis(result, 0.5),
      Millis(result, 0.9), Millis(result, 0.99), Millis(result, 0.999));
}

void PrintText(const LoadResult& result) {
  std::printf(
      "%.0f calls/s over %.1f s; latency p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, p99.9 %.3f ms\n",
      result.PerSecond(), absl::ToDoubleSeconds(result.elapsed), Millis(result, 0.5),
      Millis(result, 0.9), Millis(result, 0.99), Millis(result, 0.999));
  if (result.missed > 0) {
    std::printf("%llu calls were not begun: the server fell behind the rate\n",
                static_cast<unsigned long long>(result.missed));
  }
}

}  // namespace

absl::Status RunBench(const ClientOptions& client, Arguments arguments, bool json) {
  LoadOptions options;
  options.address = client.address;
  options.key = client.key;
  double seconds = absl::ToDoubleSeconds(options.duration);
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "in_flight", &options.in_flight));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "channels", &options.channels));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "seconds", &seconds));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "rate", &options.rate));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "bytes", &options.text_bytes));
  KITH_RETURN_IF_ERROR(TakeNumber(arguments, "records", &options.records));
  options.duration = absl::Seconds(seconds);
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 1));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError("kith bench takes what to call: record or get");
  }
  const std::string& what = arguments.positional()[0];
  KITH_ASSIGN_OR_RETURN(const LoadResult result,
                        RunLoad(what, options, [json](const LoadResult& sofar) {
                          if (!json) std::fprintf(stderr, "\r%.0f calls/s", sofar.PerSecond());
                        }));
  if (!json) std::fprintf(stderr, "\r");
  if (json) {
    PrintJson(what, options, result);
  } else {
    PrintText(result);
  }
  if (result.failures == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrFormat("%d calls failed, the first with: %s", result.failures, result.first_error));
}

}  // namespace kith::cli
