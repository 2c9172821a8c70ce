// RecentSpans: which entries an index family has lately taken away, in memory.
//
// A page of a list is read as of the list's first page, and even a read of now may come a moment
// after its view has moved on. What has ended since stands on disk among all that ever did; here it
// stands alone. Bounded: what ended longest ago is forgotten first. One writer, reads from any
// thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/key_range.h"

namespace kith::projections {

class RecentSpans {
 public:
  struct Span {
    std::string entry;
    Position from;
    Position to;
  };

  explicit RecentSpans(size_t bytes_max) : bytes_max_(bytes_max) {}

  // What ended after `before`, which is where the last call went, up to `last`. It is called before
  // anyone can see that they ended.
  void Add(std::vector<Span> ended, Position before, Position last);
  // The entries of the range, in its direction, that held at `at` and have ended since; nullopt
  // when some of them may be forgotten.
  std::optional<std::vector<std::string>> HeldAt(Position at, const KeyRange& range) const;

 private:
  struct Batch {
    std::vector<Span> ended;
    Position last;
    size_t bytes = 0;
  };
  using Batches = std::deque<std::shared_ptr<const Batch>>;  // shared with readers

  const size_t bytes_max_;
  mutable Mutex mutex_;
  Batches batches_ KITH_GUARDED_BY(mutex_);
  size_t bytes_ KITH_GUARDED_BY(mutex_) = 0;
  std::optional<Position> complete_after_ KITH_GUARDED_BY(mutex_);  // nullopt before the first Add
};

}  // namespace kith::projections
