// SettledFile: up to which time the past may have been settled, kept beside the log, so that
// answers as of a time stay what they were also when the clock steps back while nothing runs.
// FORMAT.md, settled.
//
// Written in place, so that a full disk does not keep reads from it. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/seal/key_file.h"

namespace kith::eventstore {

class SettledFile {
 public:
  explicit SettledFile(const std::string& path) : path_(path) {}

  // The infinite past where there is no file. FailedPrecondition when it is damaged.
  absl::StatusOr<absl::Time> Read();
  // In whole microseconds; on disk when this returns. After Read.
  absl::Status Write(absl::Time time);

 private:
  const std::string path_;
  std::unique_ptr<KeyFile> file_;  // null while there is none
  uint64_t serial_ = 0;            // of the slot written last
};

}  // namespace kith::eventstore
