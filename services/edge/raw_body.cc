#include "services/edge/raw_body.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith::edge {
namespace {

struct RawBody {
  absl::string_view media_type;
  absl::string_view method;
  const char* field;
};
constexpr RawBody kRawBodies[] = {
    {"message/rfc822", "kith.received_mails.v1.ReceivedMailsService.ReceiveMail", "raw"},
};
constexpr uint64_t kLengthDelimited = 2;  // protobuf's wire type of bytes

}  // namespace

const google::protobuf::FieldDescriptor* FindRawField(
    const google::protobuf::MethodDescriptor& method, absl::string_view media_type) {
  const auto* const found =
      std::find_if(std::begin(kRawBodies), std::end(kRawBodies), [&](const RawBody& one) {
        return one.media_type == media_type && one.method == method.full_name();
      });
  if (found == std::end(kRawBodies)) return nullptr;
  const auto* const field = method.input_type()->FindFieldByName(found->field);
  KITH_CHECK(field != nullptr && field->type() == google::protobuf::FieldDescriptor::TYPE_BYTES);
  return field;
}

size_t RawBytesMax(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).max_bytes();
}

std::string BytesOfRaw(const google::protobuf::FieldDescriptor& field, std::string body) {
  std::string before;
  AppendVarint(static_cast<uint64_t>(field.number()) << 3 | kLengthDelimited, &before);
  AppendVarint(body.size(), &before);
  return std::move(body.insert(0, before));
}

absl::Status ContentTooLarge(size_t bytes_max) {
  return Error(v1::EDGE_ERROR_CONTENT_TOO_LARGE,
               absl::StrCat("The body has more than ", bytes_max, " bytes. It will not be taken."),
               {{"bytes_max", absl::StrCat(bytes_max)}});
}

}  // namespace kith::edge
