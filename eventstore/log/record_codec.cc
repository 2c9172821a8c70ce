#include "eventstore/log/record_codec.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/sha256.h"

namespace kith::eventstore {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint32_t kFlagOnBehalfOf = 1;  // the header says for whom
constexpr size_t kCrcBytes = 4;
constexpr char kLeafPrefix = '\0';  // RFC 6962: no leaf is mistaken for an inner node of the tree

absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("The record's ", what, " is malformed."));
}

// A digest that is all zeros is none: it is not stored.
bool IsZero(const Tag& digest) {
  return std::all_of(digest.begin(), digest.end(), [](uint8_t byte) { return byte == 0; });
}

absl::string_view View(const Tag& tag) {
  return absl::string_view(reinterpret_cast<const char*>(tag.data()), tag.size());
}

// Numbers wrap around instead of overflowing, so that every pair of times comes back as it was.
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

void AppendHeader(const EventHeader& header, std::string* out) {
  KITH_CHECK(header.append_first <= header.position);
  const int64_t record_us = absl::ToUnixMicros(header.record_time);
  const int64_t occur_us = absl::ToUnixMicros(header.occur_time);
  out->push_back(static_cast<char>(kFormat));
  KITH_CHECK((header.flags & kFlagOnBehalfOf) == 0);
  AppendVarint(header.flags | (header.on_behalf_of.empty() ? 0 : kFlagOnBehalfOf), out);
  AppendVarint(header.position.value(), out);
  AppendVarint(header.workspace.value(), out);
  AppendVarint(header.sequence.value(), out);
  AppendString(header.stream, out);
  AppendVarint(header.revision.value(), out);
  AppendVarint(header.position.value() - header.append_first.value(), out);
  AppendVarint(header.append_count, out);
  AppendVarint(header.type.value(), out);
  AppendVarint(ZigZag(record_us), out);
  AppendVarint(ZigZag(Minus(record_us, occur_us)), out);
  AppendString(header.actor, out);
  AppendString(header.request.method, out);
  AppendString(header.request.id, out);
  AppendString(IsZero(header.request.digest) ? absl::string_view() : View(header.request.digest),
               out);
  AppendString(header.correlation_id, out);
  AppendVarint(header.causation.value(), out);
  AppendVarint(header.tags.size(), out);
  for (const Tag& tag : header.tags) {
    const absl::string_view bytes = View(tag);
    out->append(bytes.data(), bytes.size());
  }
  if (!header.on_behalf_of.empty()) AppendString(header.on_behalf_of, out);
}

template <class Id>
bool ReadId(ByteReader& reader, Id* id) {
  typename Id::ValueType value;
  if (!reader.ReadVarint(&value)) return false;
  *id = Id(value);
  return true;
}

bool ReadAppend(ByteReader& reader, EventHeader* header) {
  uint64_t offset;
  if (!reader.ReadVarint(&offset) || offset > header->position.value()) return false;
  header->append_first = Position(header->position.value() - offset);
  return reader.ReadVarint(&header->append_count);
}

bool ReadTimes(ByteReader& reader, EventHeader* header) {
  uint64_t record;
  uint64_t ahead;
  if (!reader.ReadVarint(&record) || !reader.ReadVarint(&ahead)) return false;
  const int64_t record_us = UnZigZag(record);
  header->record_time = absl::FromUnixMicros(record_us);
  header->occur_time = absl::FromUnixMicros(Minus(record_us, UnZigZag(ahead)));
  return true;
}

bool ReadRequest(ByteReader& reader, RequestKey* request) {
  absl::string_view digest;
  if (!reader.ReadString(&request->method) || !reader.ReadString(&request->id) ||
      !reader.ReadString(&digest)) {
    return false;
  }
  if (digest.empty()) return true;
  if (digest.size() != request->digest.size()) return false;
  std::copy(digest.begin(), digest.end(), request->digest.begin());
  return !IsZero(request->digest);
}

bool ReadTags(ByteReader& reader, std::vector<Tag>* tags) {
  uint64_t count;
  if (!reader.ReadVarint(&count) || count > reader.rest().size() / sizeof(Tag)) return false;
  tags->resize(count);
  return std::all_of(tags->begin(), tags->end(),
                     [&](Tag& tag) { return reader.ReadInto(tag.data(), tag.size()); });
}

// What stands there only where its flag says so; never empty then.
bool ReadOnBehalfOf(ByteReader& reader, EventHeader* header) {
  if ((header->flags & kFlagOnBehalfOf) == 0) return true;
  header->flags &= ~kFlagOnBehalfOf;
  return reader.ReadString(&header->on_behalf_of) && !header->on_behalf_of.empty();
}

// Everything after the format byte.
bool ReadHeader(ByteReader& reader, EventHeader* header) {
  return reader.ReadVarint(&header->flags) && ReadId(reader, &header->position) &&
         ReadId(reader, &header->workspace) && ReadId(reader, &header->sequence) &&
         reader.ReadString(&header->stream) && ReadId(reader, &header->revision) &&
         ReadAppend(reader, header) && ReadId(reader, &header->type) && ReadTimes(reader, header) &&
         reader.ReadString(&header->actor) && ReadRequest(reader, &header->request) &&
         reader.ReadString(&header->correlation_id) && ReadId(reader, &header->causation) &&
         ReadTags(reader, &header->tags) && ReadOnBehalfOf(reader, header);
}

void AppendSealed(const std::vector<SealedPart>& sealed, std::string* out) {
  AppendVarint(sealed.size(), out);
  for (const SealedPart& part : sealed) {
    AppendString(part.subject, out);
    AppendVarint(part.key_number, out);
    out->append(reinterpret_cast<const char*>(part.nonce.data()), part.nonce.size());
    AppendString(part.ciphertext, out);
  }
}

bool ReadSealedPart(ByteReader& reader, SealedPart* part) {
  return reader.ReadString(&part->subject) && reader.ReadVarint(&part->key_number) &&
         reader.ReadInto(part->nonce.data(), part->nonce.size()) &&
         reader.ReadString(&part->ciphertext);
}

bool ReadSealed(ByteReader& reader, std::vector<SealedPart>* sealed) {
  constexpr size_t kPartBytesMin = 1 + 1 + 12 + 1;
  uint64_t count;
  if (!reader.ReadVarint(&count) || count > reader.rest().size() / kPartBytesMin) return false;
  sealed->resize(count);
  return std::all_of(sealed->begin(), sealed->end(),
                     [&](SealedPart& part) { return ReadSealedPart(reader, &part); }) &&
         reader.done();
}

// Checks the checksum and the format; the reader that is returned stands behind the format byte and
// ends before the checksum.
absl::StatusOr<ByteReader> OpenRecord(absl::string_view bytes) {
  if (bytes.size() <= kCrcBytes) return absl::DataLossError("The record is cut short.");
  const absl::string_view content = bytes.substr(0, bytes.size() - kCrcBytes);
  if (Crc32c(content) != LoadFixed32(bytes.data() + content.size())) {
    return absl::DataLossError("The record's checksum is wrong.");
  }
  const auto format = static_cast<uint8_t>(content[0]);
  if (format > kFormat) {
    return absl::UnimplementedError(absl::StrCat(
        "The record has format ", format, "; this version of Kith reads up to ", kFormat, "."));
  }
  if (format == 0) return Malformed("format");
  return ByteReader(content.substr(1));
}

Hash LeafOf(absl::string_view header, const Hash& payload, const Hash& sealed) {
  return Sha256()
      .Add(absl::string_view(&kLeafPrefix, 1))
      .Add(header)
      .Add(payload)
      .Add(sealed)
      .Finish();
}

// Most events have no sealed part, so the hash of none is kept.
const Hash& HashOfNoParts() {
  static const Hash hash = Sha256::Of(absl::string_view("\0", 1));
  return hash;
}

}  // namespace

EncodedBody EncodeBody(absl::string_view payload, const std::vector<SealedPart>& sealed) {
  EncodedBody body;
  body.bytes.reserve(payload.size() + 8);
  AppendString(payload, &body.bytes);
  const size_t sealed_start = body.bytes.size();
  AppendSealed(sealed, &body.bytes);
  body.payload_hash = Sha256::Of(payload);
  body.sealed_hash = sealed.empty()
                         ? HashOfNoParts()
                         : Sha256::Of(absl::string_view(body.bytes).substr(sealed_start));
  return body;
}

Hash AppendRecord(const EventHeader& header, const EncodedBody& body, std::string* out) {
  const size_t start = out->size();
  AppendHeader(header, out);
  const Hash leaf =
      LeafOf(absl::string_view(*out).substr(start), body.payload_hash, body.sealed_hash);
  out->append(body.bytes);
  AppendFixed32(Crc32c(absl::string_view(*out).substr(start)), out);
  return leaf;
}

absl::StatusOr<Record> DecodeRecord(absl::string_view bytes) {
  Record record;
  if (absl::Status decoded = DecodeRecordInto(bytes, &record); !decoded.ok()) return decoded;
  return record;
}

absl::Status DecodeRecordInto(absl::string_view bytes, Record* record) {
  absl::StatusOr<ByteReader> reader = OpenRecord(bytes);
  if (!reader.ok()) return reader.status();
  if (!ReadHeader(*reader, &record->header)) return Malformed("header");
  if (!reader->ReadString(&record->payload)) return Malformed("payload");
  if (!ReadSealed(*reader, &record->sealed)) return Malformed("sealed part");
  return absl::OkStatus();
}

absl::StatusOr<EventHeader> DecodeRecordHeader(absl::string_view bytes) {
  absl::StatusOr<ByteReader> reader = OpenRecord(bytes);
  if (!reader.ok()) return reader.status();
  EventHeader header;
  if (!ReadHeader(*reader, &header)) return Malformed("header");
  return header;
}

absl::StatusOr<Hash> LeafHash(absl::string_view bytes) {
  absl::StatusOr<ByteReader> reader = OpenRecord(bytes);
  if (!reader.ok()) return reader.status();
  EventHeader header;
  if (!ReadHeader(*reader, &header)) return Malformed("header");
  const absl::string_view header_bytes(bytes.data(), reader->rest().data() - bytes.data());
  absl::string_view payload;
  if (!reader->ReadString(&payload)) return Malformed("payload");
  const absl::string_view sealed_bytes = reader->rest();
  std::vector<SealedPart> sealed;
  if (!ReadSealed(*reader, &sealed)) return Malformed("sealed part");
  return LeafOf(header_bytes, Sha256::Of(payload), Sha256::Of(sealed_bytes));
}

}  // namespace kith::eventstore
