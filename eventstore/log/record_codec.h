// The bytes of a record: what stands in the log, for ever. FORMAT.md describes every byte; golden
// tests hold them.
//
// Layout: header ‖ clear payload ‖ sealed parts ‖ CRC-32C. The leaf hash is over the header, the
// hash of the payload and the hash of the sealed parts, so that either can be withheld and the
// proof still checked. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

// The parts of a record that do not depend on its position, encoded and hashed before the committer
// sees them.
struct EncodedBody {
  std::string bytes;  // payload and sealed parts as they stand in the record
  Hash payload_hash{};
  Hash sealed_hash{};
};
EncodedBody EncodeBody(absl::string_view payload, const std::vector<SealedPart>& sealed);

// Appends the record's bytes to `out` and returns its leaf hash. Cheap: one pass over the header,
// one CRC.
Hash AppendRecord(const EventHeader& header, const EncodedBody& body, std::string* out);

// DataLoss when the checksum or the structure is wrong, Unimplemented when the format number is
// newer than this code.
absl::StatusOr<Record> DecodeRecord(absl::string_view bytes);
// The same into `record`, which is empty.
absl::Status DecodeRecordInto(absl::string_view bytes, Record* record);
// Only the header: for scans that pass over most records.
absl::StatusOr<EventHeader> DecodeRecordHeader(absl::string_view bytes);
// The leaf hash of a stored record. Same errors as DecodeRecord.
absl::StatusOr<Hash> LeafHash(absl::string_view bytes);

}  // namespace kith::eventstore
