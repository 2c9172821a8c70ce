// What RocksDB says of itself, in Kith's log: warnings and errors.
//
// A database without this writes a file LOG. The packaged library keeps writing to it, and aborts
// the process at the next line after one that a full disk refused. So every database has one.
#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class Logger;
}

namespace kith::eventstore {

// `database` is its path, to be told in each line. Any thread.
std::shared_ptr<rocksdb::Logger> NewRocksLog(const std::string& database);

}  // namespace kith::eventstore
