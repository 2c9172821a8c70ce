#include "eventstore/base/error.h"

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/rpc/error_details.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith {
namespace {

constexpr absl::string_view kPayloadUrl = "kith/error";

// "ContactsError" → "CONTACTS_ERROR_".
std::string PrefixOf(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return absl::StrCat(prefix, "_");
}

std::optional<google::rpc::ErrorInfo> InfoOf(const google::rpc::Status& wire) {
  google::rpc::ErrorInfo info;
  if (wire.details().empty() || !wire.details(0).UnpackTo(&info)) return std::nullopt;
  return info;
}

}  // namespace

std::string ReasonOf(const google::protobuf::EnumValueDescriptor& value) {
  const std::string prefix = PrefixOf(*value.type());
  return absl::StartsWith(value.name(), prefix) ? value.name().substr(prefix.size()) : value.name();
}

absl::Status ErrorOfValue(const google::protobuf::EnumValueDescriptor& value,
                          absl::string_view message, const ErrorMetadata& metadata,
                          const std::vector<const google::protobuf::Message*>& details) {
  const int code = value.options().GetExtension(options::v1::error).code();
  KITH_CHECK(code != 0);
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOf(value));
  info.set_domain(value.file()->package());
  for (const auto& [key, text] : metadata) (*info.mutable_metadata())[key] = text;

  google::rpc::Status wire;
  wire.set_code(code);
  wire.set_message(std::string(message));
  wire.add_details()->PackFrom(info);
  for (const auto* detail : details) wire.add_details()->PackFrom(*detail);

  return ErrorOfWire(wire);
}

absl::Status ErrorOfWire(const google::rpc::Status& wire) {
  absl::Status status(static_cast<absl::StatusCode>(wire.code()), wire.message());
  status.SetPayload(kPayloadUrl, absl::Cord(wire.SerializeAsString()));
  return status;
}

absl::Status Retold(const absl::Status& error, absl::string_view message,
                    const ErrorMetadata& metadata) {
  std::optional<google::rpc::Status> wire = WireError(error);
  KITH_CHECK(wire.has_value());
  std::optional<google::rpc::ErrorInfo> info = InfoOf(*wire);
  KITH_CHECK(info.has_value());
  for (const auto& [key, text] : metadata) (*info->mutable_metadata())[key] = text;
  wire->set_message(std::string(message));
  wire->mutable_details(0)->PackFrom(*info);
  absl::Status status(error.code(), message);
  status.SetPayload(kPayloadUrl, absl::Cord(wire->SerializeAsString()));
  return status;
}

std::optional<google::rpc::Status> WireError(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  google::rpc::Status wire;
  if (!payload.has_value() || !wire.ParseFromString(std::string(*payload))) return std::nullopt;
  return wire;
}

bool IsErrorOfValue(const absl::Status& status,
                    const google::protobuf::EnumValueDescriptor& value) {
  const auto wire = WireError(status);
  if (!wire.has_value()) return false;
  const auto info = InfoOf(*wire);
  return info.has_value() && info->reason() == ReasonOf(value) &&
         info->domain() == value.file()->package();
}

}  // namespace kith
