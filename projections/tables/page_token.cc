#include "projections/tables/page_token.h"

#include "eventstore/base/bytes.h"
#include "eventstore/base/error.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

constexpr uint8_t kFormat = 3;  // 1 was not sealed, 2 had no moment

absl::Status Damaged() {
  return InvalidPageToken("The page token is damaged; start again at the first page.");
}

}  // namespace

std::string EncodePageToken(const PageToken& token) {
  std::string bytes(1, static_cast<char>(kFormat));
  AppendVarint(token.position.value(), &bytes);
  AppendFixed64(token.query, &bytes);
  AppendVarint(token.plan, &bytes);
  AppendString(token.resume_key, &bytes);
  AppendVarint(token.moment.has_value() ? 1 : 0, &bytes);
  if (token.moment.has_value()) {
    AppendFixed64(static_cast<uint64_t>(absl::ToUnixMicros(*token.moment)), &bytes);
  }
  return bytes;
}

absl::StatusOr<PageToken> DecodePageToken(absl::string_view bytes) {
  ByteReader reader(bytes);
  PageToken token;
  uint8_t format = 0;
  uint64_t position = 0;
  char query[sizeof(uint64_t)];
  uint32_t has_moment = 0;
  char moment[sizeof(uint64_t)];
  if (!reader.ReadByte(&format) || format != kFormat || !reader.ReadVarint(&position) ||
      !reader.ReadInto(query, sizeof(query)) || !reader.ReadVarint(&token.plan) ||
      !reader.ReadString(&token.resume_key) || !reader.ReadVarint(&has_moment) || has_moment > 1) {
    return Damaged();
  }
  if (has_moment == 1) {
    if (!reader.ReadInto(moment, sizeof(moment))) return Damaged();
    token.moment = absl::FromUnixMicros(static_cast<int64_t>(LoadFixed64(moment)));
  }
  if (!reader.done()) return Damaged();
  token.position = Position(position);
  token.query = LoadFixed64(query);
  return token;
}

absl::StatusOr<std::optional<Position>> PagePosition(absl::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(const PageToken token, DecodePageToken(bytes));
  return token.position;
}

uint64_t QueryDigest(std::initializer_list<absl::string_view> parts) {
  std::string query;
  for (const absl::string_view part : parts) AppendString(part, &query);
  const Sha256Hash hash = Sha256::Of(query);
  return LoadFixed64(hash.data());
}

absl::Status InvalidPageToken(absl::string_view message) {
  return Error(type::v1::ERROR_INVALID_PAGE_TOKEN, message);
}

}  // namespace kith::projections
