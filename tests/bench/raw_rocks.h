// RawRocks: the yardstick of the log: the record bytes and index entries of finished events,
// written to RocksDB in synced batches and without any thought.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/log/engine.h"
#include "eventstore/log/event_log.h"
#include "eventstore/seal/key_store.h"

namespace kith::bench {

// One thread at a time. Appends of one event each.
class RawRocks {
 public:
  // Opens a log of its own in the directory. Borrows the keys, which seal what is personal.
  RawRocks(const std::string& directory, eventstore::KeyStore& keys);

  // Writes the events in batches of so many, each with one fsync. Returns the seconds it took;
  // encoding, hashing and sealing are not among them.
  double Write(const std::vector<eventstore::Append>& appends, size_t batch);

 private:
  struct Entry {
    eventstore::Table table;
    std::string key;
    std::string value;
  };
  using Entries = std::vector<Entry>;

  Entries Encode(const eventstore::Append* begin, const eventstore::Append* end);

  std::unique_ptr<eventstore::Engine> engine_;
  eventstore::KeyStore& keys_;
  uint64_t position_ = 0;
};

}  // namespace kith::bench
