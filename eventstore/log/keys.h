// Keys and values of the log's tables: the bytes under which each index entry stands. FORMAT.md,
// section data/log.
//
// Numbers in keys are big-endian, so that entries sort by them; numbers in values are varints
// (LEB128). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

// Events that stand at consecutive positions and have consecutive numbers in an index (revisions of
// a stream, sequences of a workspace). One index entry holds a whole run: that keeps the indexes
// small.
struct Run {
  uint64_t number = 0;  // revision or sequence of the first
  Position first;
  uint64_t count = 0;

  uint64_t last_number() const { return number + count - 1; }
  Position last() const { return Position(first.value() + count - 1); }
};

// events, tree: position.
std::string PositionKey(Position position);
// heads: workspace, stream.
std::string HeadKey(WorkspaceId workspace, absl::string_view stream);
// streams: the prefix under which a stream's runs stand, followed by the revision.
std::string StreamPrefix(WorkspaceId workspace, absl::string_view stream);
// workspaces: the prefix under which a workspace's runs stand, followed by the sequence.
std::string WorkspacePrefix(WorkspaceId workspace);
// tags: the prefix under which a tag's events stand, followed by the position. kTagPrefixBytes
// long.
std::string TagPrefix(WorkspaceId workspace, const Tag& tag);
// requests: workspace, method, request id.
std::string RequestIndexKey(WorkspaceId workspace, absl::string_view method, absl::string_view id);
// times: microseconds since 1970, the sign bit flipped so that it sorts.
std::string TimeKey(absl::Time time);

inline constexpr size_t kTagPrefixBytes = 4 + sizeof(Tag);

// prefix ‖ number, the key of a run or of a tagged position.
std::string NumberedKey(absl::string_view prefix, uint64_t number);
// The number at the end of such a key; nullopt when the key is too short.
std::optional<uint64_t> NumberOfKey(absl::string_view key);
// The workspace a key of `workspaces` belongs to; nullopt when the key is malformed.
std::optional<WorkspaceId> WorkspaceOfKey(absl::string_view key);

std::string EncodeHead(const StreamHead& head);
std::optional<StreamHead> DecodeHead(absl::string_view value);
std::string EncodeRun(const Run& run);  // without its number, which is in the key
std::optional<Run> DecodeRun(uint64_t number, absl::string_view value);
std::string EncodePosition(Position position);
std::optional<Position> DecodePosition(absl::string_view value);

// Building blocks, also of the conflict payload and of meta. Take… removes what it reads from `in`;
// nullopt when it is cut short or not in its shortest form.
void PutVarint(uint64_t value, std::string* out);
std::optional<uint64_t> TakeVarint(absl::string_view* in);
void PutBytes(absl::string_view bytes, std::string* out);  // length, then the bytes
std::optional<absl::string_view> TakeBytes(absl::string_view* in);

}  // namespace kith::eventstore
