#include "eventstore/log/log_reader.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/record_codec.h"

namespace kith::eventstore {
namespace {

constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();
constexpr size_t kReadBytesMax = 1 << 20;
constexpr size_t kReadRecordsMax = 512;
// Who reads backwards mostly wants the last few.
constexpr uint64_t kBackwardsRecordsMax = 64;

absl::Status Damaged(Table table) {
  return absl::DataLossError(absl::StrCat("the log's table ",
                                          kTableNames[static_cast<size_t>(table)],
                                          " holds an entry that is damaged"));
}

absl::Status AtPosition(Position position, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("position ", position.value(), ": ", status.message()));
}

absl::Status Missing(Position position) {
  return absl::DataLossError(
      absl::StrCat("position ", position.value(), ": the record is missing"));
}

// The bytes of one event. Damage is reported with its position.
absl::StatusOr<std::string> EventBytes(const Engine& engine, Position position, ReadTier tier) {
  absl::StatusOr<std::optional<std::string>> bytes =
      engine.Get(Table::kEvents, PositionKey(position), tier);
  if (!bytes.ok()) return AtPosition(position, bytes.status());
  if (!bytes->has_value()) return Missing(position);
  return **std::move(bytes);
}

}  // namespace

void KeepAboutAMebibyte(Records* records) {
  size_t bytes = 0;
  const auto reached = std::find_if(records->begin(), records->end(), [&](const auto& record) {
    bytes += record->payload.size();
    for (const SealedPart& part : record->sealed) bytes += part.ciphertext.size();
    return bytes >= kReadBytesMax;
  });
  if (reached != records->end()) records->erase(reached + 1, records->end());
}

absl::StatusOr<std::shared_ptr<const Record>> DecodeRecordAt(Position position,
                                                             absl::string_view bytes) {
  auto record = std::make_shared<Record>();
  const absl::Status decoded = DecodeRecordInto(bytes, record.get());
  if (!decoded.ok()) return AtPosition(position, decoded);
  if (record->header.position != position) {
    return absl::DataLossError(absl::StrCat("position ", position.value(),
                                            ": the record there says it stands at ",
                                            record->header.position.value()));
  }
  return record;
}

absl::StatusOr<StreamHead> LogReader::HeadOf(absl::string_view head_key, ReadTier tier) const {
  std::optional<StreamHead> head = tail_.FindHead(head_key);
  std::optional<uint64_t> epoch;  // it is learnt then
  if (!head.has_value()) {
    epoch = tail_.HeadsEpoch(head_key);
    KITH_ASSIGN_OR_RETURN(const auto value, engine_.Get(Table::kHeads, head_key, tier));
    if (!value.has_value()) return StreamHead();
    head = DecodeHead(*value);
    if (!head.has_value()) return Damaged(Table::kHeads);
  }
  // What is written and not published yet is nobody's to see, and stands on the published.
  if (const Position published = tail_.head(); head->position > published) {
    return HeadBefore(head_key, head->revision, published, tier);
  }
  if (epoch.has_value()) tail_.LearnHead(head_key, *head, *epoch);
  return *head;
}

absl::StatusOr<StreamHead> LogReader::HeadBefore(absl::string_view head_key, Revision revision,
                                                 Position published, ReadTier tier) const {
  std::string prefix(head_key);
  prefix.push_back('\0');
  StreamHead found;
  bool damaged = false;
  KITH_RETURN_IF_ERROR(engine_.Scan(
      {Table::kStreams, prefix, NumberedKey(prefix, revision.value()), Direction::kBackwards}, tier,
      [&](absl::string_view key, absl::string_view value) {
        const auto run = DecodeRun(NumberOfKey(key).value_or(0), value);
        damaged = !run.has_value();
        if (damaged || run->first > published) return !damaged;
        // An append is published whole, and a run is of one append.
        found = {Revision(run->last_number()), run->last()};
        return false;
      }));
  if (damaged) return Damaged(Table::kStreams);
  return found;
}

absl::StatusOr<std::optional<std::pair<RequestKey, Appended>>> LogReader::FindRequest(
    absl::string_view request_key, ReadTier tier) const {
  KITH_ASSIGN_OR_RETURN(const auto value, engine_.Get(Table::kRequests, request_key, tier));
  if (!value.has_value()) return std::nullopt;
  const auto first = DecodePosition(*value);
  if (!first.has_value()) return Damaged(Table::kRequests);
  KITH_ASSIGN_OR_RETURN(const std::string bytes, EventBytes(engine_, *first, tier));
  absl::StatusOr<EventHeader> header = DecodeRecordHeader(bytes);
  if (!header.ok()) return AtPosition(*first, header.status());
  const Appended appended{*first, header->append_count, header->sequence, header->record_time};
  return std::make_pair(std::move(header->request), appended);
}

absl::StatusOr<Position> LogReader::FirstTagged(WorkspaceId workspace, const Tag& tag,
                                                Position after, ReadTier tier) const {
  const std::string prefix = TagPrefix(workspace, tag);
  const std::string start = NumberedKey(prefix, after.value() + 1);
  Position found;
  KITH_RETURN_IF_ERROR(engine_.Scan({Table::kTags, prefix, start}, tier,
                                    [&](absl::string_view key, absl::string_view) {
                                      found = Position(NumberOfKey(key).value_or(0));
                                      return false;
                                    }));
  return found;
}

absl::StatusOr<std::shared_ptr<const Record>> LogReader::ReadAt(Position position,
                                                                ReadTier tier) const {
  if (position.value() == 0 || position > tail_.head()) return nullptr;
  if (auto record = tail_.Find(position)) return record;
  KITH_ASSIGN_OR_RETURN(const std::string bytes, EventBytes(engine_, position, tier));
  return DecodeRecordAt(position, bytes);
}

absl::StatusOr<Records> LogReader::ReadRange(Position first, Position last, ReadTier tier) const {
  if (first == last) return ReadOne(first, tier);
  Records records;
  const uint64_t count = std::min<uint64_t>(last.value() - first.value() + 1, kReadRecordsMax);
  if (tail_.CopyAfter(Position(first.value() - 1), count, &records) && !records.empty()) {
    KeepAboutAMebibyte(&records);
    return records;
  }
  return Scan(first, last, Direction::kForwards, tier);
}

absl::StatusOr<Records> LogReader::ReadRangeBackwards(Position first, Position last,
                                                      ReadTier tier) const {
  if (first == last) return ReadOne(last, tier);
  Records records;
  const uint64_t count = std::min<uint64_t>(last.value() - first.value() + 1, kBackwardsRecordsMax);
  if (tail_.CopyAfter(Position(last.value() - count), count, &records) && !records.empty()) {
    std::reverse(records.begin(), records.end());
    KeepAboutAMebibyte(&records);
    return records;
  }
  return Scan(last, Position(last.value() - count + 1), Direction::kBackwards, tier);
}

absl::StatusOr<Records> LogReader::ReadOne(Position position, ReadTier tier) const {
  KITH_ASSIGN_OR_RETURN(auto record, ReadAt(position, tier));
  if (record == nullptr) return Missing(position);
  return Records{std::move(record)};
}

absl::StatusOr<Records> LogReader::Scan(Position from, Position to, Direction direction,
                                        ReadTier tier) const {
  Records records;
  absl::Status decoded;
  Position next = from;
  size_t bytes_read = 0;
  const std::string start = PositionKey(from);
  auto take = [&](absl::string_view key, absl::string_view bytes) {
    if (NumberOfKey(key) != next.value()) return false;  // a hole: found below
    auto record = DecodeRecordAt(next, bytes);
    if (!record.ok()) {
      decoded = record.status();
      return false;
    }
    records.push_back(*std::move(record));
    bytes_read += bytes.size();
    if (next == to) return false;
    next = direction == Direction::kForwards ? next.Next() : Position(next.value() - 1);
    return bytes_read < kReadBytesMax && records.size() < kReadRecordsMax;
  };
  const absl::Status scanned = engine_.Scan({Table::kEvents, "", start, direction}, tier, take);
  if (decoded.ok() && !scanned.ok()) decoded = AtPosition(next, scanned);
  // What was read before the damage is good; the next call begins at the damage and reports it.
  if (records.empty()) return decoded.ok() ? Missing(from) : decoded;
  return records;
}

absl::StatusOr<std::vector<Run>> LogReader::ReadRuns(Table table, absl::string_view prefix,
                                                     uint64_t from, Direction direction,
                                                     size_t limit, ReadTier tier) const {
  std::vector<Run> runs;
  bool damaged = false;
  auto take = [&](absl::string_view key, absl::string_view value) {
    const auto run = DecodeRun(NumberOfKey(key).value_or(0), value);
    damaged = !run.has_value();
    if (!damaged) runs.push_back(*run);
    return !damaged && runs.size() < limit;
  };
  std::string start = NumberedKey(prefix, from);
  if (direction == Direction::kForwards && from > 1) {
    // The run that holds `from` may begin before it.
    KITH_RETURN_IF_ERROR(engine_.Scan({table, prefix, start, Direction::kBackwards}, tier,
                                      [&](absl::string_view key, absl::string_view value) {
                                        take(key, value);
                                        return false;
                                      }));
    if (damaged) return Damaged(table);
    if (!runs.empty() && runs.back().last_number() >= from) {
      start = NumberedKey(prefix, runs.back().number);
    }
    runs.clear();
  }
  KITH_RETURN_IF_ERROR(engine_.Scan({table, prefix, start, direction}, tier, take));
  if (damaged) return Damaged(table);
  return runs;
}

absl::StatusOr<Position> LogReader::PositionAt(absl::Time time, ReadTier tier) const {
  if (const auto recent = tail_.LastRecordedAt(time); recent.has_value()) return *recent;
  const Position head = tail_.head();
  Position found;
  bool damaged = false;
  KITH_RETURN_IF_ERROR(engine_.Scan({Table::kTimes, "", TimeKey(time), Direction::kBackwards}, tier,
                                    [&](absl::string_view, absl::string_view value) {
                                      const auto position = DecodePosition(value);
                                      damaged = !position.has_value();
                                      found = position.value_or(Position());
                                      return false;
                                    }));
  if (damaged) return Damaged(Table::kTimes);
  return std::min(found, head);  // a batch may be written and not published yet
}

absl::StatusOr<Position> LogReader::PositionOf(WorkspaceId workspace, Sequence sequence,
                                               ReadTier tier) const {
  sequence = std::min(sequence, tail_.WorkspaceHead(workspace));
  if (sequence.value() == 0) return Position();
  const std::string prefix = WorkspacePrefix(workspace);
  KITH_ASSIGN_OR_RETURN(const auto runs, ReadRuns(Table::kWorkspaces, prefix, sequence.value(),
                                                  Direction::kBackwards, 1, tier));
  if (runs.empty() || runs[0].last_number() < sequence.value()) return Damaged(Table::kWorkspaces);
  return Position(runs[0].first.value() + (sequence.value() - runs[0].number));
}

absl::StatusOr<Hash> LogReader::LeafHashAt(Position position) const {
  std::optional<Hash> hash;
  KITH_RETURN_IF_ERROR(engine_.Scan(
      {Table::kTree, "", PositionKey(position), Direction::kBackwards}, ReadTier::kDisk,
      [&](absl::string_view key, absl::string_view hashes) {
        const uint64_t offset = (position.value() - NumberOfKey(key).value_or(0)) * sizeof(Hash);
        if (offset + sizeof(Hash) > hashes.size()) return false;
        std::copy_n(hashes.data() + offset, sizeof(Hash),
                    reinterpret_cast<char*>(hash.emplace().data()));
        return false;
      }));
  if (!hash.has_value()) return Damaged(Table::kTree);
  return *hash;
}

absl::StatusOr<Position> LogReader::LastStored() const {
  Position last;
  KITH_RETURN_IF_ERROR(
      engine_.Scan({Table::kEvents, "", NumberedKey("", kLast), Direction::kBackwards},
                   ReadTier::kDisk, [&](absl::string_view key, absl::string_view) {
                     last = Position(NumberOfKey(key).value_or(0));
                     return false;
                   }));
  return last;
}

}  // namespace kith::eventstore
