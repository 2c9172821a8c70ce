// TurnSorter: what became of any number of index entries, gathered in the order of the log and
// given back in the order of the entries.
//
// What does not fit into memory is sorted and put into a scratch file, a run at a time, and the
// runs are merged as they are read. For a family that is empty: an entry's past begins with its
// coming. Those of one index stand together in memory from the start: so few bytes are compared out
// of a processor's cache. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/scratch_file.h"

namespace kith::projections {

class TurnSorter {
 public:
  // Runs are put into a file in `folder`, made when it is needed.
  explicit TurnSorter(std::string folder);
  ~TurnSorter();
  TurnSorter(const TurnSorter&) = delete;
  TurnSorter& operator=(const TurnSorter&) = delete;

  // An entry, by its live key (index_keys.h), comes or goes. Positions never fall.
  void Add(absl::string_view key, bool added, Position at);
  // What is in memory.
  size_t bytes() const { return bytes_; }
  // Sorts that, and puts it into the file. Between two positions.
  absl::Status Spill();

  // --- Nothing is added any more
  // Goes to the first entry, then to each that follows; false behind the last.
  absl::StatusOr<bool> Next();
  absl::string_view key() const { return key_; }
  // When it came, went, came again … Never empty.
  const std::vector<Position>& moments() const { return moments_; }

 private:
  struct Turn {
    uint64_t word;  // of the key, where it is being compared
    uint64_t at;    // and whether it was added, in the lowest bit
    uint32_t key;   // where it begins in the keys of its group
    uint32_t size;
  };
  // Turns of keys that begin alike, in the order of the log.
  struct Group {
    std::string keys;
    std::vector<Turn> turns;

    absl::string_view KeyOf(const Turn& turn) const {
      return absl::string_view(keys).substr(turn.key, turn.size);
    }
    // Turns of one key stay in their order.
    void Sort();
  };
  class BlockMaker;
  class Run;

  // What is in memory as blocks of a run, in order, given to `take`. Then it is empty.
  template <class Take>
  absl::Status Encode(Take take);
  absl::Status BeginMerge();
  // That of `run` comes after that of the other one.
  static bool ComesLater(const Run* run, const Run* other);
  // The first of the heap is another one, or has gone on: often it stays where it is, as what
  // stands together in one run stands together in all.
  void SiftDown();

  const std::string folder_;
  absl::flat_hash_map<uint32_t, Group> groups_;  // by how their keys begin, as a number
  size_t bytes_ = 0;                             // of all of them
  std::unique_ptr<ScratchFile> file_;
  std::vector<std::pair<uint64_t, uint64_t>> extents_;  // of the runs in it
  bool merging_ = false;
  std::vector<std::unique_ptr<Run>> runs_;  // in the order of the log
  std::vector<Run*> heap_;                  // those that are not at their end
  std::string key_;
  std::vector<Position> moments_;
};

}  // namespace kith::projections
