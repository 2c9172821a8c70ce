#include "eventstore/log/cursor.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

// Runs read at once: the first piece is small, because most readers of a stream want all of a short
// one.
constexpr size_t kRunsFirst = 16;
constexpr size_t kRunsMax = 256;
// Records read at once: few enough to be in the processor's cache still when their reader comes to
// the last of them, enough to be worth the search for the first.
constexpr uint64_t kPieceRecords = 128;
constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();

// Walks the records of a range of positions, in either direction.
class RangeWalk {
 public:
  RangeWalk(const LogReader& reader, Direction direction, ReadTier tier)
      : reader_(reader), direction_(direction), tier_(tier) {}

  void Begin(uint64_t first, uint64_t last) {
    first_ = first;
    last_ = last;
  }

  // Null at the end of the range.
  absl::StatusOr<std::shared_ptr<const Record>> Next() {
    if (next_ == records_.size()) {
      if (first_ > last_) return nullptr;
      KITH_RETURN_IF_ERROR(Read());
    }
    return std::move(records_[next_++]);
  }

 private:
  absl::Status Read() {
    const Position first(first_);
    const Position last(last_);
    if (direction_ == Direction::kForwards) {
      const Position end(std::min(last_, first_ + (kPieceRecords - 1)));
      KITH_ASSIGN_OR_RETURN(records_, reader_.ReadRange(first, end, tier_));
      first_ = records_.back()->header.position.value() + 1;
    } else {
      KITH_ASSIGN_OR_RETURN(records_, reader_.ReadRangeBackwards(first, last, tier_));
      last_ = records_.back()->header.position.value() - 1;
    }
    next_ = 0;
    return absl::OkStatus();
  }

  const LogReader& reader_;
  const Direction direction_;
  const ReadTier tier_;
  uint64_t first_ = 1;  // what is not read yet; empty when first_ > last_
  uint64_t last_ = 0;
  Records records_;
  size_t next_ = 0;
};

class LogCursor final : public RecordCursor {
 public:
  LogCursor(const LogReader& reader, uint64_t first, uint64_t last, Direction direction)
      : walk_(reader, direction, ReadTier::kDisk) {
    walk_.Begin(first, last);
  }
  absl::StatusOr<std::shared_ptr<const Record>> Next() override { return walk_.Next(); }

 private:
  RangeWalk walk_;
};

class RunCursor final : public RecordCursor {
 public:
  RunCursor(const LogReader& reader, Position head, Table table, std::string prefix, uint64_t from,
            Direction direction, ReadTier tier)
      : reader_(reader),
        head_(head),
        table_(table),
        prefix_(std::move(prefix)),
        direction_(direction),
        tier_(tier),
        from_(direction == Direction::kBackwards && from == 0 ? kLast : from),
        walk_(reader, direction, tier) {}

  absl::StatusOr<std::shared_ptr<const Record>> Next() override {
    for (;;) {
      KITH_ASSIGN_OR_RETURN(auto record, walk_.Next());
      if (record != nullptr) return record;
      if (runs_.empty()) {
        if (ended_) return nullptr;
        KITH_RETURN_IF_ERROR(ReadRuns());
        continue;
      }
      BeginRun(runs_.front());
      runs_.pop_front();
    }
  }

 private:
  absl::Status ReadRuns() {
    KITH_ASSIGN_OR_RETURN(const auto runs, reader_.ReadRuns(table_, prefix_, continue_, direction_,
                                                            runs_limit_, tier_));
    ended_ = runs.size() < runs_limit_;
    runs_limit_ = kRunsMax;
    runs_.assign(runs.begin(), runs.end());
    if (runs.empty()) return absl::OkStatus();
    if (direction_ == Direction::kForwards) {
      continue_ = runs.back().last_number() + 1;
    } else if (runs.back().number > 1) {
      continue_ = runs.back().number - 1;
    } else {
      ended_ = true;
    }
    return absl::OkStatus();
  }

  // Walks the part of the run that lies at or beyond from_ in our direction, and at or below the
  // head.
  void BeginRun(const Run& run) {
    uint64_t first = run.first.value();
    uint64_t last = std::min(run.last(), head_).value();
    if (direction_ == Direction::kForwards) {
      if (from_ > run.number) first += from_ - run.number;
      if (run.first > head_) ended_ = true;
    } else if (from_ < run.last_number()) {
      last = std::min(last, run.first.value() + (from_ - run.number));
    }
    walk_.Begin(first, last);
  }

  const LogReader& reader_;
  const Position head_;
  const Table table_;
  const std::string prefix_;
  const Direction direction_;
  const ReadTier tier_;
  const uint64_t from_;
  uint64_t continue_ = from_;  // the number from which further runs are read
  size_t runs_limit_ = kRunsFirst;
  bool ended_ = false;  // there are no runs beyond runs_
  std::deque<Run> runs_;
  RangeWalk walk_;
};

class TagCursor final : public RecordCursor {
 public:
  TagCursor(const LogReader& reader, Position head, WorkspaceId workspace, const Tag& tag,
            Position after)
      : reader_(reader), head_(head), workspace_(workspace), tag_(tag), after_(after) {}

  absl::StatusOr<std::shared_ptr<const Record>> Next() override {
    KITH_ASSIGN_OR_RETURN(const Position found,
                          reader_.FirstTagged(workspace_, tag_, after_, ReadTier::kDisk));
    if (found.value() == 0 || found > head_) return nullptr;
    KITH_ASSIGN_OR_RETURN(auto record, reader_.ReadAt(found, ReadTier::kDisk));
    after_ = found;
    return record;
  }

 private:
  const LogReader& reader_;
  const Position head_;
  const WorkspaceId workspace_;
  const Tag tag_;
  Position after_;
};

}  // namespace

std::unique_ptr<RecordCursor> NewLogCursor(const LogReader& reader, Position head, Position from,
                                           Direction direction) {
  if (direction == Direction::kForwards) {
    return std::make_unique<LogCursor>(reader, std::max<uint64_t>(from.value(), 1), head.value(),
                                       direction);
  }
  const Position last = from.value() == 0 ? head : std::min(from, head);
  return std::make_unique<LogCursor>(reader, 1, last.value(), direction);
}

std::unique_ptr<RecordCursor> NewRunCursor(const LogReader& reader, Position head, Table table,
                                           std::string prefix, uint64_t from, Direction direction,
                                           ReadTier tier) {
  return std::make_unique<RunCursor>(reader, head, table, std::move(prefix), from, direction, tier);
}

std::unique_ptr<RecordCursor> NewTagCursor(const LogReader& reader, Position head,
                                           WorkspaceId workspace, const Tag& tag, Position after) {
  return std::make_unique<TagCursor>(reader, head, workspace, tag, after);
}

}  // namespace kith::eventstore
