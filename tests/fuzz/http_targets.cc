// What callers send over HTTP: JSON, envelopes, gzip and queries of URLs.
#include "eventstore/base/check.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "services/edge/codec.h"
#include "services/edge/envelope.h"
#include "services/edge/gzip.h"
#include "services/edge/query.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using contacts::v1::BatchCreateContactsRequest;

constexpr size_t kBytesMax = 10'000;

}  // namespace

void FuzzJson(absl::string_view bytes) {
  const auto& type = *BatchCreateContactsRequest::descriptor();
  const auto taken = edge::BytesOfJson(type, bytes);
  if (!taken.ok()) return;
  BatchCreateContactsRequest request;
  if (!request.ParseFromString(*taken)) return;
  // A time beyond what JSON can tell is told by nobody.
  std::string told;
  if (!edge::Append(request, edge::Encoding::kJson, &told).ok()) return;
  const auto again = edge::BytesOfJson(type, told);
  KITH_CHECK(again.ok());
  KITH_CHECK(*again == request.SerializeAsString());
}

void FuzzHttpBody(absl::string_view bytes) {
  if (const auto opened = edge::OpenEnvelope(bytes); opened.ok()) {
    const uint8_t flags = opened->is_compressed ? edge::kCompressed : 0;
    KITH_CHECK(edge::MakeEnvelope(flags, opened->message) == bytes);
  }
  const auto unpacked = edge::Gunzip(bytes, kBytesMax);
  KITH_CHECK(!unpacked.ok() || unpacked->size() <= kBytesMax);
  const auto again = edge::Gunzip(edge::Gzip(bytes), bytes.size());
  KITH_CHECK(again.ok() && *again == bytes);
  const auto query = edge::ParseQuery(bytes);
  KITH_CHECK(!query.ok() || query->message.size() <= bytes.size());
}

}  // namespace kith::fuzz
