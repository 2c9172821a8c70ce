#include "services/cli/text/server_error.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace kith::cli {
namespace {

// Holds the serialised google.rpc.Status, as it came.
constexpr char kPayload[] = "kith.cli/server-error";

template <class Detail>
bool FindDetail(const google::rpc::Status& status, Detail* detail) {
  for (const auto& any : status.details()) {
    if (any.Is<Detail>()) return any.UnpackTo(detail);
  }
  return false;
}

// What the caller can do about a code, where it is the same for every reason.
std::string Advice(grpc::StatusCode code, const google::rpc::ErrorInfo& info, bool with_key) {
  // What is no time and no number goes to the server as a token.
  if (info.reason() == "INVALID_TOKEN") {
    return "Write a moment like @1234, 2026-01-31, \"2026-01-31 14:05\" or "
           "2026-01-31T12:00:00Z, or give a token as Kith gave it.";
  }
  switch (code) {
    case grpc::StatusCode::UNAUTHENTICATED:
      if (with_key && info.reason() == "UNAUTHENTICATED") {
        return "The key that was given is unknown or revoked: give another with --key, KITH_KEY or "
               "KITH_KEY_FILE.";
      }
      if (info.reason() == "KEY_EXPIRED") {
        return "Give another with --key, KITH_KEY or KITH_KEY_FILE.";
      }
      return "Give an API key with --key, KITH_KEY or KITH_KEY_FILE.";
    case grpc::StatusCode::PERMISSION_DENIED:
      if (!info.metadata().contains("permission")) return "";
      if (!info.metadata().contains("user")) return "Use a key that grants it.";
      return "Ask somebody who gives roles for one that does.";
    case grpc::StatusCode::NOT_FOUND:
      // What is there at other moments is named rightly, and the message says when it was.
      return info.metadata().contains("first_sequence") ? "" : "Check the name.";
    case grpc::StatusCode::ABORTED:
      return "Read it again, then decide anew.";
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // The message says what to do, and a moment is not enough.
      if (const auto limit = info.metadata().find("limit");
          limit != info.metadata().end() && limit->second == "disk") {
        return "";
      }
      return "Try again in a moment, with the same --request-id if it was a change.";
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::DATA_LOSS:
      return "The server's log says more.";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "The server does not know this method; it may be older than this program.";
    default:
      return "";
  }
}

std::string Text(const grpc::Status& status, const google::rpc::Status& details, bool with_key) {
  std::vector<std::string> lines = {status.error_message()};
  if (lines[0].empty())
    lines[0] = absl::StrCat("the server answered with code ", status.error_code());
  google::rpc::ErrorInfo info;
  if (FindDetail(details, &info)) absl::StrAppend(&lines[0], " [", info.reason(), "]");
  google::rpc::BadRequest bad_request;
  if (FindDetail(details, &bad_request)) {
    for (const auto& violation : bad_request.field_violations()) {
      // The message tells the first few already.
      if (absl::StrContains(status.error_message(),
                            absl::StrCat(violation.field(), " ", violation.description()))) {
        continue;
      }
      lines.push_back(absl::StrCat("  ", violation.field(), ": ", violation.description()));
    }
  }
  google::rpc::PreconditionFailure precondition;
  if (FindDetail(details, &precondition)) {
    for (const auto& violation : precondition.violations()) {
      // Often the only violation repeats the message.
      lines.push_back(violation.description() == status.error_message()
                          ? absl::StrCat("  ", violation.subject())
                          : absl::StrCat("  ", violation.subject(), ": ", violation.description()));
    }
  }
  // In the order of their names, for the message has them in another one each time.
  const std::map<std::string, std::string> metadata(info.metadata().begin(), info.metadata().end());
  for (const auto& [key, value] : metadata) {
    lines.push_back(absl::StrCat("  ", key, ": ", value));
  }
  const std::string advice = bad_request.field_violations_size() > 0
                                 ? "Correct the fields named and try again."
                                 : Advice(status.error_code(), info, with_key);
  if (!absl::StrContains(status.error_message(), advice)) lines.push_back(advice);
  return absl::StrJoin(lines, "\n");
}

// What gRPC says of a connection that was not to be had, what that means and what helps.
struct Obstacle {
  absl::string_view said;
  absl::string_view meaning;  // after the address
  absl::string_view advice;
};
constexpr Obstacle kObstacles[] = {
    {"certificate verify failed", "has a certificate that is not trusted",
     "Name the file with its authority's certificate, or with itself, with --tls-ca or "
     "KITH_TLS_CA."},
    {"wrong version number", "has no TLS", "Leave https:// and the files of TLS out."},
    {"http1.x server", "speaks HTTP and no gRPC",
     "Name kithd's port for gRPC, which it is ready on, with --address or KITH_ADDRESS."}};

std::string Unreachable(const std::string& said, absl::string_view address) {
  for (const Obstacle& obstacle : kObstacles) {
    if (!absl::StrContains(said, obstacle.said)) continue;
    return absl::StrCat(address, " ", obstacle.meaning, " (", said, ")\n", obstacle.advice);
  }
  return absl::StrCat("no Kith server answers at ", address, " (", said,
                      ")\nStart one with deploy/run, or name another with --address or "
                      "KITH_ADDRESS: https://… where it has TLS.");
}

// Those that ServerError kept.
google::rpc::Status DetailsOf(const absl::Status& status) {
  google::rpc::Status details;
  const auto payload = status.GetPayload(kPayload);
  if (payload.has_value() && !details.ParseFromString(std::string(*payload))) details.Clear();
  return details;
}

}  // namespace

absl::Status ServerError(const grpc::Status& status, absl::string_view address, bool with_key) {
  google::rpc::Status details;
  const bool from_kith =
      details.ParseFromString(status.error_details()) && details.details_size() > 0;
  const bool unreachable = status.error_code() == grpc::StatusCode::UNAVAILABLE && !from_kith;
  absl::Status error(
      static_cast<absl::StatusCode>(status.error_code()),
      unreachable ? Unreachable(status.error_message(), address) : Text(status, details, with_key));
  error.SetPayload(kPayload, absl::Cord(details.SerializeAsString()));
  return error;
}

bool IsServerError(const absl::Status& status) { return status.GetPayload(kPayload).has_value(); }

bool ConcernsEveryCall(const absl::Status& status) {
  if (!IsServerError(status)) return false;
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ||
         (absl::IsUnavailable(status) && ReasonOf(status).empty());
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return FindDetail(DetailsOf(status), &info) ? info.reason() : "";
}

std::vector<std::string> FieldsRefusedBy(const absl::Status& status) {
  std::vector<std::string> fields;
  google::rpc::BadRequest request;
  if (!FindDetail(DetailsOf(status), &request)) return fields;
  for (const auto& violation : request.field_violations()) fields.push_back(violation.field());
  return fields;
}

std::string OneLine(const absl::Status& status) {
  std::vector<absl::string_view> lines = absl::StrSplit(status.message(), '\n');
  for (absl::string_view& line : lines) line = absl::StripAsciiWhitespace(line);
  return absl::StrJoin(lines, "; ");
}

}  // namespace kith::cli
