#include "eventstore/log/wire_fields.h"

#include "eventstore/base/bytes.h"

namespace kith::eventstore {
namespace {

bool SkipBytes(ByteReader& reader, size_t size) {
  char skipped[8];
  return reader.ReadInto(skipped, size);
}

bool SkipValue(ByteReader& reader, uint32_t wire_type) {
  uint64_t number;
  absl::string_view bytes;
  switch (wire_type) {
    case 0:
      return reader.ReadVarint(&number);
    case 1:
      return SkipBytes(reader, 8);
    case 2:
      return reader.ReadString(&bytes);
    case 5:
      return SkipBytes(reader, 4);
    default:
      return false;
  }
}

}  // namespace

bool ForEachWireField(absl::string_view message,
                      absl::FunctionRef<void(uint32_t number, absl::string_view field)> visit) {
  ByteReader reader(message);
  while (!reader.done()) {
    const absl::string_view before = reader.rest();
    uint32_t tag;
    if (!reader.ReadVarint(&tag) || !SkipValue(reader, tag & 7)) return false;
    visit(tag >> 3, before.substr(0, before.size() - reader.rest().size()));
  }
  return true;
}

}  // namespace kith::eventstore
