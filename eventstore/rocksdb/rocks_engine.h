// The durable engine: the log's tables as column families of one RocksDB database in DATA/log.
// FORMAT.md, data/log.
//
// A commit is one WriteBatch and one fsync of the write-ahead log. Options are those of
// ARCHITECTURE.md's chapter on durability: a damaged log is refused, never repaired by dropping
// what was acknowledged.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/random.h"
#include "eventstore/log/engine.h"

namespace rocksdb {
class Env;
}

namespace kith::eventstore {

struct RocksEngineOptions {
  std::string data_dir;  // holds log/ and durable.mark; created where missing
  size_t cache_bytes =
      64 << 20;  // uncompressed blocks, for reads that find nothing newer in memory
  size_t memtable_bytes = 128 << 20;  // of all families together, before they are flushed
  rocksdb::Env* env = nullptr;        // for tests that make the disk fail; null is the machine's
};

// Room on the disk that opening a log takes, beside its write-ahead log, which is put into tables.
inline constexpr uint64_t kRoomToOpenBytes = 32 << 20;
// For the log in `data_dir`, with its write-ahead log. The packaged RocksDB aborts when the disk is
// full while it opens, so it is not asked to where less is free.
uint64_t RoomToOpen(const std::string& data_dir);

// Opens the log in data_dir, creating one where there is none. Nothing is changed when it is
// refused:
//   FailedPrecondition  another process has it open; or it is no log of Kith, or one of a newer
//   Kith DataLoss            its files are damaged or missing Unavailable         the disk or its
//   permissions do not let it be opened
absl::StatusOr<std::unique_ptr<Engine>> OpenRocksEngine(const RocksEngineOptions& options,
                                                        Random& random = SystemRandom());

}  // namespace kith::eventstore
