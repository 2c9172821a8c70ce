// Records of the log, as a disk could give them back.
#include <string>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/log/record_codec.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using eventstore::AppendRecord;
using eventstore::DecodeRecord;
using eventstore::DecodeRecordHeader;
using eventstore::EncodeBody;
using eventstore::LeafHash;
using eventstore::Record;

std::string Encode(const Record& record, eventstore::Hash* leaf) {
  std::string bytes;
  *leaf = AppendRecord(record.header, EncodeBody(record.payload, record.sealed), &bytes);
  return bytes;
}

void Decode(absl::string_view bytes) {
  const absl::StatusOr<Record> record = DecodeRecord(bytes);
  // Whoever wants less may be content with what is broken elsewhere, never the other way round.
  if (record.ok()) KITH_CHECK(DecodeRecordHeader(bytes).ok() && LeafHash(bytes).ok());
  if (!record.ok()) return;
  // Numbers have longer forms that say the same, so the bytes need not be those that came in.
  eventstore::Hash leaf, again;
  const std::string once = Encode(*record, &leaf);
  const absl::StatusOr<Record> decoded = DecodeRecord(once);
  KITH_CHECK(decoded.ok());
  KITH_CHECK(Encode(*decoded, &again) == once && again == leaf);
  KITH_CHECK(*LeafHash(once) == leaf);
}

}  // namespace

void FuzzRecord(absl::string_view bytes) {
  Decode(bytes);
  // No chance change survives the checksum. With one that is right the rest of the decoder is met.
  std::string summed(bytes);
  AppendFixed32(Crc32c(bytes), &summed);
  Decode(summed);
}

}  // namespace kith::fuzz
