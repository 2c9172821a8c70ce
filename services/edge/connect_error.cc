#include "services/edge/connect_error.h"

#include "absl/strings/escaping.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "nlohmann/json.hpp"

namespace kith::edge {
namespace {

using Json = nlohmann::ordered_json;

struct Code {
  absl::string_view name;
  int http_status;
};

// By google.rpc.Code, as the Connect protocol has them.
constexpr Code kCodes[] = {
    {"ok", 200},
    {"canceled", 499},
    {"unknown", 500},
    {"invalid_argument", 400},
    {"deadline_exceeded", 504},
    {"not_found", 404},
    {"already_exists", 409},
    {"permission_denied", 403},
    {"resource_exhausted", 429},
    {"failed_precondition", 400},
    {"aborted", 409},
    {"out_of_range", 400},
    {"unimplemented", 501},
    {"internal", 500},
    {"unavailable", 503},
    {"data_loss", 500},
    {"unauthenticated", 401},
};

const Code& CodeOf(int code) {
  const bool known = code >= 0 && code < static_cast<int>(std::size(kCodes));
  return kCodes[known ? code : 2];
}

google::rpc::ErrorInfo InfoOf(const google::rpc::Status& error) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : error.details()) {
    if (detail.UnpackTo(&info)) break;
  }
  return info;
}

// A request that takes more than any valid one. Later it is refused as well.
bool IsTooLong(const google::rpc::ErrorInfo& info) {
  if (info.domain() != type::v1::Error_descriptor()->file()->package()) return false;
  const auto limit = info.metadata().find("limit");
  return info.reason() == "LIMIT_REACHED" && limit != info.metadata().end() &&
         limit->second == "request_bytes";
}

// 0: that of its code.
int OwnStatusOf(const google::rpc::Status& error) {
  const google::rpc::ErrorInfo info = InfoOf(error);
  if (IsTooLong(info)) return 413;
  if (info.domain() != v1::EdgeError_descriptor()->file()->package()) return 0;
  v1::EdgeError value = v1::EDGE_ERROR_UNSPECIFIED;
  if (!v1::EdgeError_Parse("EDGE_ERROR_" + info.reason(), &value)) return 0;
  switch (value) {
    case v1::EDGE_ERROR_NOT_FOUND:
      return 404;
    case v1::EDGE_ERROR_METHOD_NOT_ALLOWED:
      return 405;
    case v1::EDGE_ERROR_UNSUPPORTED_MEDIA_TYPE:
      return 415;
    case v1::EDGE_ERROR_HEADERS_TOO_LONG:
      return 431;
    case v1::EDGE_ERROR_TOO_SLOW:
      return 408;
    case v1::EDGE_ERROR_CONTENT_TOO_LARGE:
      return 413;
    default:
      return 0;
  }
}

// For people; null where it cannot be told.
Json DebugOf(const google::protobuf::Any& detail) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(detail, &text, options).ok()) return nullptr;
  Json debug = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!debug.is_object()) return nullptr;
  debug.erase("@type");  // it stands beside
  return debug;
}

Json JsonOf(const google::rpc::Status& error) {
  Json json = {{"code", CodeOf(error.code()).name}, {"message", error.message()}};
  for (const google::protobuf::Any& detail : error.details()) {
    absl::string_view type = detail.type_url();
    type.remove_prefix(type.rfind('/') + 1);
    std::string value = absl::Base64Escape(detail.value());
    while (absl::EndsWith(value, "=")) value.pop_back();
    Json told = {{"type", type}, {"value", value}};
    if (Json debug = DebugOf(detail); !debug.is_null()) told["debug"] = std::move(debug);
    json["details"].push_back(std::move(told));
  }
  return json;
}

std::string TextOf(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace

absl::string_view ConnectCode(int code) { return CodeOf(code).name; }

int HttpStatusOf(const google::rpc::Status& error) {
  const int own = OwnStatusOf(error);
  return own != 0 ? own : CodeOf(error.code()).http_status;
}

std::string ErrorJson(const google::rpc::Status& error) { return TextOf(JsonOf(error)); }

std::string EndOfStreamJson(const google::rpc::Status& error) {
  if (error.code() == 0) return "{}";
  return TextOf({{"error", JsonOf(error)}});
}

}  // namespace kith::edge
