// ScratchFile: bytes that are wanted back once and are of no use after the process: what does not
// fit into memory while it is sorted.
//
// Made of blocks with a checksum each. It has no name, so nothing is left of it, whatever becomes
// of the process. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

class ScratchFile {
 public:
  // In `folder`, which is there. Every error of a disk is Unavailable.
  static absl::StatusOr<std::unique_ptr<ScratchFile>> Create(const std::string& folder);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  absl::Status Append(absl::string_view block);
  // Where the next block begins.
  uint64_t size() const { return size_; }
  // Reads the block that begins at `*offset`, and moves that on to the next one.
  absl::Status Read(uint64_t* offset, std::string* block) const;

 private:
  explicit ScratchFile(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
  uint64_t size_ = 0;
};

}  // namespace kith::projections
