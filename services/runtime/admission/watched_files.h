// WatchedFiles: files of the operator's that are read again when they change: certificates, keys,
// lists of names.
//
// Whoever needs what stands in them asks first whether they changed, which costs a look at each
// file's entry. So a change counts from the next one who asks, no thread waits for it, and nobody
// has to be told. A file may be replaced, also by a link to another, or written over; who reads one
// that is half written is told of the rest as a further change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace kith::runtime {

// One thread at a time.
class WatchedFiles {
 public:
  explicit WatchedFiles(std::vector<std::string> paths);

  // Whether one of them is another than at the last time this was asked; so at the first time.
  bool Changed();
  // What stands in the one with this number. InvalidArgument, naming it, where it cannot be read,
  // is empty, or takes more than 1 MiB.
  absl::StatusOr<std::string> Read(size_t number) const;
  const std::string& path(size_t number) const { return paths_[number]; }

 private:
  const std::vector<std::string> paths_;
  std::vector<std::vector<int64_t>> entries_;  // what tells one state of a file from another
};

}  // namespace kith::runtime
