#include "projections/store/turn_sorter.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
constexpr size_t kWordBytes = sizeof(uint64_t);
// Fewer are compared whole.
constexpr ptrdiff_t kFew = 12;

// So that words compare as their bytes do.
uint64_t LoadWord(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return __builtin_bswap64(word);
}

size_t SharedBytes(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  size_t shared = 0;
  while (shared < size && a[shared] == b[shared]) ++shared;
  return shared;
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
  KITH_CHECK(!merging_ && keys_.size() + key.size() <= std::numeric_limits<uint32_t>::max());
  turns_.push_back({0, at.value() << 1 | (added ? 1 : 0), static_cast<uint32_t>(keys_.size()),
                    static_cast<uint32_t>(key.size())});
  keys_.append(key.data(), key.size());
}

uint64_t TurnSorter::WordOf(const Turn& turn, size_t depth) const {
  if (turn.size <= depth) return 0;
  const char* const bytes = keys_.data() + turn.key + depth;
  if (turn.size >= depth + kWordBytes) return LoadWord(bytes);
  char word[kWordBytes] = {};
  std::memcpy(word, bytes, turn.size - depth);
  return LoadWord(word);
}

// Word by word, because keys share long beginnings: what is equal so far is not looked at again.
// Turns of one key stay in their order, which is that of keys_.
void TurnSorter::Sort(Turn* begin, Turn* end, size_t depth) {
  if (end - begin <= kFew) {
    std::sort(begin, end, [&](const Turn& a, const Turn& b) {
      const int order = KeyOf(a)
                            .substr(std::min<size_t>(depth, a.size))
                            .compare(KeyOf(b).substr(std::min<size_t>(depth, b.size)));
      return order != 0 ? order < 0 : a.key < b.key;
    });
    return;
  }
  // Of words that are alike, one that ends in them comes first, and has nothing to compare any
  // more.
  const auto size_at = [&](const Turn& turn) {
    return std::min<size_t>(turn.size, depth + kWordBytes);
  };
  bool alike = true;
  for (Turn* turn = begin; turn != end; ++turn) {
    turn->word = WordOf(*turn, depth);
    alike = alike && turn->word == begin->word && turn->size >= depth + kWordBytes;
  }
  if (alike) return Sort(begin, end, depth + kWordBytes);
  std::sort(begin, end, [&](const Turn& a, const Turn& b) {
    if (a.word != b.word) return a.word < b.word;
    return size_at(a) != size_at(b) ? a.size < b.size : a.key < b.key;
  });
  while (begin != end) {
    Turn* const same = std::find_if(begin, end, [&](const Turn& turn) {
      return turn.word != begin->word || size_at(turn) != size_at(*begin);
    });
    if (begin->size >= depth + kWordBytes) Sort(begin, same, depth + kWordBytes);
    begin = same;
  }
}

template <class Take>
absl::Status TurnSorter::Encode(Take take) {
  Sort(turns_.data(), turns_.data() + turns_.size(), 0);
  std::string block;
  absl::string_view before;
  std::vector<uint64_t> moments;
  for (size_t i = 0; i < turns_.size();) {
    const absl::string_view key = KeyOf(turns_[i]);
    moments.clear();
    for (; i < turns_.size() && KeyOf(turns_[i]) == key; ++i) {
      const uint64_t moment = turns_[i].at;
      // What came and went within one event never was.
      if (!moments.empty() && moments.back() >> 1 == moment >> 1) {
        moments.pop_back();
      } else {
        moments.push_back(moment);
      }
    }
    if (moments.empty()) continue;
    const size_t shared = SharedBytes(before, key);
    AppendVarint(shared, &block);
    AppendString(key.substr(shared), &block);
    AppendVarint(moments.size(), &block);
    AppendVarint(moments.front(), &block);
    for (size_t m = 1; m < moments.size(); ++m) {
      KITH_CHECK((moments[m] & 1) != (moments[m - 1] & 1));
      AppendVarint((moments[m] >> 1) - (moments[m - 1] >> 1), &block);
    }
    before = key;
    if (block.size() < kBlockBytes) continue;
    KITH_RETURN_IF_ERROR(take(block));
    block.clear();
    before = "";
  }
  if (!block.empty()) KITH_RETURN_IF_ERROR(take(block));
  keys_.clear();
  turns_.clear();
  return absl::OkStatus();
}

absl::Status TurnSorter::Spill() {
  if (turns_.empty()) return absl::OkStatus();
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
  keys_ = {};
  turns_ = {};
  runs_.push_back(std::make_unique<Run>(runs_.size(), std::move(blocks)));
  for (const auto& run : runs_) {
    KITH_ASSIGN_OR_RETURN(const bool more, run->Next());
    if (more) heap_.push_back(run.get());
  }
  std::make_heap(heap_.begin(), heap_.end(), ComesLater);
  return absl::OkStatus();
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
    std::pop_heap(heap_.begin(), heap_.end(), ComesLater);
    KITH_ASSIGN_OR_RETURN(const bool more, run.Next());
    if (more) {
      std::push_heap(heap_.begin(), heap_.end(), ComesLater);
    } else {
      heap_.pop_back();
    }
  }
  return !moments_.empty();
}

}  // namespace kith::projections
