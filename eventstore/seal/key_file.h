// KeyFile: the bytes that the key store stands on, read and written in place. On disk, or in memory
// for tests.
//
// Thread-safe, as long as no two calls write the same bytes at a time. What Write has taken may be
// lost in a power cut until Sync returns, piece by piece and in any order.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::eventstore {

class KeyFile {
 public:
  virtual ~KeyFile() = default;

  // Every error is Unavailable and carries the operating system's words, but OutOfRange where
  // `Read` meets the end.
  virtual absl::StatusOr<uint64_t> Size() const = 0;
  virtual absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const = 0;
  // Makes the file longer where it must.
  virtual absl::Status Write(uint64_t offset, absl::string_view bytes) = 0;
  virtual absl::Status Sync() = 0;
};

// NotFound when there is no such file.
absl::StatusOr<std::unique_ptr<KeyFile>> OpenKeyFile(const std::string& path);
// Makes the file with these first bytes, readable by its owner only. It is there in whole or not at
// all, also after a power cut.
absl::Status CreateKeyFile(const std::string& path, absl::string_view bytes);
// What was made or renamed beside `path` stays so, also after a power cut.
absl::Status SyncFolderOf(const std::string& path);

// Starts with `bytes`.
std::unique_ptr<KeyFile> NewMemoryKeyFile(std::string bytes);

}  // namespace kith::eventstore
