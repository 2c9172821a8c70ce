#include "eventstore/log/keys.h"

namespace kith::eventstore {
namespace {

void PutBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

uint64_t ReadBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string WithWorkspace(WorkspaceId workspace, size_t more_bytes) {
  std::string key;
  key.reserve(4 + more_bytes);
  PutBigEndian(workspace.value(), 4, &key);
  return key;
}

void PutText(absl::string_view text, std::string* out) { out->append(text.data(), text.size()); }

}  // namespace

std::string PositionKey(Position position) { return NumberedKey("", position.value()); }

std::string HeadKey(WorkspaceId workspace, absl::string_view stream) {
  std::string key = WithWorkspace(workspace, stream.size());
  PutText(stream, &key);
  return key;
}

std::string StreamPrefix(WorkspaceId workspace, absl::string_view stream) {
  std::string key = WithWorkspace(workspace, stream.size() + 1);
  PutText(stream, &key);
  key.push_back('\0');  // no stream name holds it, so no stream's prefix begins another's
  return key;
}

std::string WorkspacePrefix(WorkspaceId workspace) { return WithWorkspace(workspace, 0); }

std::string TagPrefix(WorkspaceId workspace, const Tag& tag) {
  std::string key = WithWorkspace(workspace, tag.size());
  key.append(reinterpret_cast<const char*>(tag.data()), tag.size());
  return key;
}

std::string RequestIndexKey(WorkspaceId workspace, absl::string_view method, absl::string_view id) {
  std::string key = WithWorkspace(workspace, method.size() + 1 + id.size());
  PutText(method, &key);
  key.push_back('\0');
  PutText(id, &key);
  return key;
}

std::string TimeKey(absl::Time time) {
  return NumberedKey("", static_cast<uint64_t>(absl::ToUnixMicros(time)) ^ (uint64_t{1} << 63));
}

std::string NumberedKey(absl::string_view prefix, uint64_t number) {
  std::string key;
  key.reserve(prefix.size() + 8);
  PutText(prefix, &key);
  PutBigEndian(number, 8, &key);
  return key;
}

std::optional<uint64_t> NumberOfKey(absl::string_view key) {
  if (key.size() < 8) return std::nullopt;
  return ReadBigEndian(key.substr(key.size() - 8));
}

std::optional<WorkspaceId> WorkspaceOfKey(absl::string_view key) {
  if (key.size() != 12) return std::nullopt;
  return WorkspaceId(static_cast<uint32_t>(ReadBigEndian(key.substr(0, 4))));
}

std::string EncodeHead(const StreamHead& head) {
  std::string value;
  PutVarint(head.revision.value(), &value);
  PutVarint(head.position.value(), &value);
  return value;
}

std::optional<StreamHead> DecodeHead(absl::string_view value) {
  const auto revision = TakeVarint(&value);
  const auto position = TakeVarint(&value);
  if (!revision || !position || !value.empty()) return std::nullopt;
  return StreamHead{Revision(*revision), Position(*position)};
}

std::string EncodeRun(const Run& run) {
  std::string value;
  PutVarint(run.first.value(), &value);
  PutVarint(run.count, &value);
  return value;
}

std::optional<Run> DecodeRun(uint64_t number, absl::string_view value) {
  const auto first = TakeVarint(&value);
  const auto count = TakeVarint(&value);
  if (!first || !count || *count == 0 || !value.empty()) return std::nullopt;
  return Run{number, Position(*first), *count};
}

std::string EncodePosition(Position position) {
  std::string value;
  PutVarint(position.value(), &value);
  return value;
}

std::optional<Position> DecodePosition(absl::string_view value) {
  const auto position = TakeVarint(&value);
  if (!position || !value.empty()) return std::nullopt;
  return Position(*position);
}

void PutVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

std::optional<uint64_t> TakeVarint(absl::string_view* in) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const uint64_t byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;  // beyond 64 bits
    if (byte == 0 && shift > 0) return std::nullopt;   // not the shortest form
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

void PutBytes(absl::string_view bytes, std::string* out) {
  PutVarint(bytes.size(), out);
  PutText(bytes, out);
}

std::optional<absl::string_view> TakeBytes(absl::string_view* in) {
  const auto size = TakeVarint(in);
  if (!size || *size > in->size()) return std::nullopt;
  const absl::string_view bytes = in->substr(0, *size);
  in->remove_prefix(*size);
  return bytes;
}

}  // namespace kith::eventstore
