#include "tests/crash/log_audit.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/crash_load.h"

namespace kith::eventstore {
namespace {

constexpr int kRemembered = 20;  // requests sent again

// One pass over all records, which notes what each index must hold.
class Audit {
 public:
  Audit(const EventLog& log, const KeyStore& keys) : log_(log), keys_(keys) {}

  void ReadAll() {
    auto cursor = log_.ReadAll(Position(1), Direction::kForwards);
    for (;;) {
      const auto next = cursor->Next();
      ASSERT_TRUE(next.ok()) << next.status();
      if (*next == nullptr) break;
      ASSERT_NO_FATAL_FAILURE(Take(**next));
      ASSERT_NO_FATAL_FAILURE(OpenSealed(**next));
    }
    EXPECT_EQ(position_, append_end_) << "the last append is not whole";
    EXPECT_EQ(log_.head().value(), position_);
  }

  void CompareIndexes() {
    for (const auto& [workspace, positions] : workspaces_) {
      EXPECT_EQ(log_.WorkspaceHead(workspace).value(), positions.size());
      EXPECT_EQ(PositionsOf(log_.ReadWorkspace(workspace, Sequence(1), Direction::kForwards)),
                positions);
    }
    for (const auto& [stream, positions] : streams_) {
      const auto head = log_.HeadOf(stream.first, stream.second, ReadTier::kDisk);
      ASSERT_TRUE(head.ok()) << head.status();
      EXPECT_EQ(head->revision.value(), positions.size());
      EXPECT_EQ(head->position.value(), positions.back());
      EXPECT_EQ(PositionsOf(log_.ReadStream(stream.first, stream.second, Revision(1),
                                            Direction::kForwards, ReadTier::kDisk)),
                positions);
    }
    for (const auto& [tag, positions] : tags_) {
      EXPECT_EQ(PositionsOf(log_.ReadTag(tag.first, tag.second, Position())), positions);
    }
    for (const auto& [request, header] : requests_) ExpectFound(request, header);
  }

 private:
  void Take(const Record& record) {
    const EventHeader& header = record.header;
    auto& sequences = workspaces_[header.workspace];
    auto& revisions = streams_[{header.workspace, header.stream}];
    ASSERT_EQ(header.position.value(), ++position_);
    sequences.push_back(position_);
    ASSERT_EQ(header.sequence.value(), sequences.size());
    revisions.push_back(position_);
    ASSERT_EQ(header.revision.value(), revisions.size());
    for (const Tag& tag : header.tags) tags_[{header.workspace, tag}].push_back(position_);
    if (position_ <= append_end_) return;
    ASSERT_EQ(header.append_first.value(), position_);
    append_end_ = position_ + header.append_count - 1;
    ASSERT_TRUE(requests_.emplace(header.request.id, header).second)
        << header.request.id << " stands in the log twice";
  }

  void OpenSealed(const Record& record) {
    for (const SealedPart& part : record.sealed) {
      const auto clear = keys_.Unseal(record.header.workspace, part);
      ASSERT_TRUE(clear.ok()) << clear.status() << " at " << position_;
      ASSERT_TRUE(clear->has_value()) << "a key is missing at " << position_;
      ASSERT_EQ((*clear)->substr(0, 10), "secret of ");
    }
  }

  void ExpectFound(const std::string& request, const EventHeader& header) {
    const auto found = log_.FindRequest(header.workspace, kCrashMethod, request, ReadTier::kDisk);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_TRUE(found->has_value()) << request << " is forgotten";
    EXPECT_EQ((*found)->second.first, header.position);
    EXPECT_EQ((*found)->second.count, header.append_count);
    EXPECT_EQ((*found)->second.first_sequence, header.sequence);
  }

  static std::vector<uint64_t> PositionsOf(std::unique_ptr<RecordCursor> cursor) {
    std::vector<uint64_t> positions;
    for (;;) {
      const auto next = cursor->Next();
      EXPECT_TRUE(next.ok()) << next.status();
      if (!next.ok() || *next == nullptr) return positions;
      positions.push_back((*next)->header.position.value());
    }
  }

  const EventLog& log_;
  const KeyStore& keys_;
  uint64_t position_ = 0;
  uint64_t append_end_ = 0;
  // What the events say, as positions.
  std::map<WorkspaceId, std::vector<uint64_t>> workspaces_;
  std::map<std::pair<WorkspaceId, std::string>, std::vector<uint64_t>> streams_;
  std::map<std::pair<WorkspaceId, Tag>, std::vector<uint64_t>> tags_;
  std::map<std::string, EventHeader> requests_;  // the first event of each
};

}  // namespace

void ExpectWhole(const EventLog& log, const KeyStore& keys) {
  ASSERT_NO_FATAL_FAILURE(Audit(log, keys).ReadAll());
}

void ExpectIndexes(const EventLog& log, const KeyStore& keys) {
  Audit audit(log, keys);
  ASSERT_NO_FATAL_FAILURE(audit.ReadAll());
  ASSERT_NO_FATAL_FAILURE(audit.CompareIndexes());
}

void ExpectAcknowledged(const EventLog& log, const Acknowledgements& acknowledged) {
  for (const auto& [number, told] : acknowledged) {
    const auto record = log.ReadAt(Position(told.first), ReadTier::kDisk);
    ASSERT_TRUE(record.ok()) << record.status();
    ASSERT_NE(*record, nullptr) << "acknowledged request " << number << " at " << told.first
                                << " is lost";
    EXPECT_EQ((*record)->header.request.id, CrashRequestId(number));
    EXPECT_EQ((*record)->header.append_count, told.count);
    EXPECT_EQ((*record)->header.sequence.value(), told.sequence);
  }
}

void ExpectRemembered(EventLog& log, const Acknowledgements& acknowledged) {
  auto request = acknowledged.rbegin();
  for (int i = 0; i < kRemembered && request != acknowledged.rend(); ++i, ++request) {
    const auto answer = log.AppendAndWait(CrashAppend(request->first));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->repeated);
    EXPECT_EQ(answer->first.value(), request->second.first);
  }
}

}  // namespace kith::eventstore
