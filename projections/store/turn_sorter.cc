#include "projections/store/turn_sorter.h"

#include <algorithm>
#include <limits>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/store/word_sort.h"

namespace kith::projections {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
// So many bytes of its key say in which group a turn is: in those of an entry its kind, its table
// and its index.
constexpr size_t kGroupBytes = 3;

size_t SharedBytes(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  size_t shared = 0;
  while (shared + kWordBytes <= size && WordOf(a.substr(shared)) == WordOf(b.substr(shared))) {
    shared += kWordBytes;
  }
  while (shared < size && a[shared] == b[shared]) ++shared;
  return shared;
}

// The number of a key's group: of keys of two groups, that with the smaller number comes first.
uint32_t GroupOf(absl::string_view key) {
  uint32_t number = 0;
  for (size_t i = 0; i < kGroupBytes; ++i) {
    number = number << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0);
  }
  return number;
}

}  // namespace

// Reads a run. An entry in it: how many bytes its key shares with the one before it in its block,
// the others, how many moments there are, the first of them with whether it came then, and how
// much later each of the others is; all numbers are varints.
class TurnSorter::Run {
 public:
  // One that is in the file, or, with no file, whose blocks are in memory.
  Run(size_t number, const ScratchFile* file, std::pair<uint64_t, uint64_t> extent)
      : number_(number), file_(file), extent_(std::move(extent)) {}
  Run(size_t number, std::vector<std::string> blocks)
      : number_(number), file_(nullptr), blocks_(std::move(blocks)) {}

  size_t number() const { return number_; }
  absl::string_view key() const { return key_; }
  bool came_first() const { return came_first_; }
  const std::vector<Position>& moments() const { return moments_; }

  absl::StatusOr<bool> Next() {
    if (reader_.done()) {
      KITH_ASSIGN_OR_RETURN(const bool more, NextBlock());
      if (!more) return false;
    }
    uint64_t shared = 0;
    uint64_t count = 0;
    uint64_t moment = 0;
    absl::string_view rest;
    KITH_CHECK(reader_.ReadVarint(&shared) && shared <= key_.size());
    KITH_CHECK(reader_.ReadString(&rest) && reader_.ReadVarint(&count) && count > 0);
    key_.resize(shared);
    key_.append(rest.data(), rest.size());
    KITH_CHECK(reader_.ReadVarint(&moment));
    came_first_ = (moment & 1) != 0;
    moment >>= 1;
    moments_.assign(1, Position(moment));
    while (moments_.size() < count) {
      uint64_t later = 0;
      KITH_CHECK(reader_.ReadVarint(&later));
      moments_.push_back(Position(moment += later));
    }
    return true;
  }

 private:
  absl::StatusOr<bool> NextBlock() {
    key_.clear();
    if (file_ == nullptr) {
      if (next_block_ == blocks_.size()) return false;
      block_ = std::move(blocks_[next_block_++]);
    } else {
      if (extent_.first == extent_.second) return false;
      KITH_RETURN_IF_ERROR(file_->Read(&extent_.first, &block_));
    }
    reader_ = ByteReader(block_);
    return true;
  }

  const size_t number_;
  const ScratchFile* const file_;
  std::pair<uint64_t, uint64_t> extent_;
  std::vector<std::string> blocks_;
  size_t next_block_ = 0;
  std::string block_;
  ByteReader reader_{""};
  std::string key_;
  bool came_first_ = false;
  std::vector<Position> moments_;
};

TurnSorter::TurnSorter(std::string folder) : folder_(std::move(folder)) {}

TurnSorter::~TurnSorter() = default;

void TurnSorter::Add(absl::string_view key, bool added, Position at) {
  Group& group = groups_[GroupOf(key)];
  KITH_CHECK(!merging_ && group.keys.size() + key.size() <= std::numeric_limits<uint32_t>::max());
  group.turns.push_back({0, at.value() << 1 | (added ? 1 : 0),
                         static_cast<uint32_t>(group.keys.size()),
                         static_cast<uint32_t>(key.size())});
  group.keys.append(key.data(), key.size());
  bytes_ += key.size() + sizeof(Turn);
}

void TurnSorter::Group::Sort() {
  SortByWords(
      turns.data(), turns.data() + turns.size(), [this](const Turn& turn) { return KeyOf(turn); },
      [](const Turn& a, const Turn& b) { return a.key < b.key; });
}

// Makes the blocks of a run of what it is given in order.
class TurnSorter::BlockMaker {
 public:
  // Those of a key, in the order of the log.
  void Add(absl::string_view key, const Turn* begin, const Turn* end) {
    moments_.clear();
    for (const Turn* turn = begin; turn != end; ++turn) {
      // What came and went within one event never was.
      if (!moments_.empty() && moments_.back() >> 1 == turn->at >> 1) {
        moments_.pop_back();
      } else {
        moments_.push_back(turn->at);
      }
    }
    if (moments_.empty()) return;
    const size_t shared = SharedBytes(before_, key);
    AppendVarint(shared, &block_);
    AppendString(key.substr(shared), &block_);
    AppendVarint(moments_.size(), &block_);
    AppendVarint(moments_.front(), &block_);
    for (size_t m = 1; m < moments_.size(); ++m) {
      KITH_CHECK((moments_[m] & 1) != (moments_[m - 1] & 1));
      AppendVarint((moments_[m] >> 1) - (moments_[m - 1] >> 1), &block_);
    }
    before_ = key;
  }
  // The block so far; a full one is taken, and another one begun.
  const std::string& block() const { return block_; }
  bool is_full() const { return block_.size() >= kBlockBytes; }
  void Begin() {
    block_.clear();
    before_ = "";
  }

 private:
  std::string block_;
  absl::string_view before_;  // the last key in it
  std::vector<uint64_t> moments_;
};

template <class Take>
absl::Status TurnSorter::Encode(Take take) {
  std::vector<std::pair<uint32_t, Group*>> groups;
  for (auto& [number, group] : groups_) groups.emplace_back(number, &group);
  std::sort(groups.begin(), groups.end());
  BlockMaker maker;
  for (const auto& [number, group] : groups) {
    group->Sort();
    const Turn* const end = group->turns.data() + group->turns.size();
    for (const Turn* turn = group->turns.data(); turn != end;) {
      const absl::string_view key = group->KeyOf(*turn);
      const Turn* next = turn + 1;
      while (next != end && group->KeyOf(*next) == key) ++next;
      maker.Add(key, std::exchange(turn, next), next);
      if (!maker.is_full()) continue;
      KITH_RETURN_IF_ERROR(take(maker.block()));
      maker.Begin();
    }
  }
  if (!maker.block().empty()) KITH_RETURN_IF_ERROR(take(maker.block()));
  groups_.clear();
  bytes_ = 0;
  return absl::OkStatus();
}

absl::Status TurnSorter::Spill() {
  if (bytes_ == 0) return absl::OkStatus();
  if (file_ == nullptr) {
    KITH_ASSIGN_OR_RETURN(file_, ScratchFile::Create(folder_));
  }
  const uint64_t begin = file_->size();
  KITH_RETURN_IF_ERROR(Encode([&](const std::string& block) { return file_->Append(block); }));
  extents_.emplace_back(begin, file_->size());
  return absl::OkStatus();
}

bool TurnSorter::ComesLater(const Run* run, const Run* other) {
  const int order = run->key().compare(other->key());
  return order != 0 ? order > 0 : run->number() > other->number();
}

absl::Status TurnSorter::BeginMerge() {
  merging_ = true;
  for (const auto& extent : extents_) {
    runs_.push_back(std::make_unique<Run>(runs_.size(), file_.get(), extent));
  }
  // The last one is in memory already.
  std::vector<std::string> blocks;
  KITH_RETURN_IF_ERROR(Encode([&](const std::string& block) {
    blocks.push_back(block);
    return absl::OkStatus();
  }));
  runs_.push_back(std::make_unique<Run>(runs_.size(), std::move(blocks)));
  for (const auto& run : runs_) {
    KITH_ASSIGN_OR_RETURN(const bool more, run->Next());
    if (more) heap_.push_back(run.get());
  }
  std::make_heap(heap_.begin(), heap_.end(), ComesLater);
  return absl::OkStatus();
}

void TurnSorter::SiftDown() {
  if (heap_.empty()) return;
  Run* const run = heap_.front();
  size_t place = 0;
  for (;;) {
    size_t child = 2 * place + 1;
    if (child + 1 < heap_.size() && ComesLater(heap_[child], heap_[child + 1])) ++child;
    if (child >= heap_.size() || !ComesLater(run, heap_[child])) break;
    heap_[place] = heap_[child];
    place = child;
  }
  heap_[place] = run;
}

absl::StatusOr<bool> TurnSorter::Next() {
  if (!merging_) KITH_RETURN_IF_ERROR(BeginMerge());
  moments_.clear();
  while (!heap_.empty()) {
    Run& run = *heap_.front();
    if (moments_.empty()) {
      key_.assign(run.key().data(), run.key().size());
    } else if (key_ != run.key()) {
      break;
    }
    KITH_CHECK(run.came_first() == (moments_.size() % 2 == 0));
    moments_.insert(moments_.end(), run.moments().begin(), run.moments().end());
    KITH_ASSIGN_OR_RETURN(const bool more, run.Next());
    if (!more) {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    SiftDown();
  }
  return !moments_.empty();
}

}  // namespace kith::projections
