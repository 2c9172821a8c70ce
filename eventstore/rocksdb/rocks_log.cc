#include "eventstore/rocksdb/rocks_log.h"

#include <cstdarg>
#include <cstdio>

#include "eventstore/base/log.h"
#include "rocksdb/env.h"

namespace kith::eventstore {
namespace {

// Longer lines are cut.
constexpr size_t kLineBytesMax = 1024;

class RocksLog final : public rocksdb::Logger {
 public:
  explicit RocksLog(const std::string& database)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), database_(database) {}
  ~RocksLog() override { (void)Close(); }

  using Logger::Logv;
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    const bool is_error = level >= rocksdb::InfoLogLevel::ERROR_LEVEL;
    const LogLevel as = is_error ? LogLevel::kError : LogLevel::kWarning;
    // Options, which are told whatever the level is, are of the level above all others.
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL || !IsLogged(as))
      return;
    char line[kLineBytesMax];
    std::vsnprintf(line, sizeof line, format, values);
    Log(as, is_error ? "RocksDB reports an error" : "RocksDB warns", {{"database", database_}},
        {{"text", line}});
  }
  // The first lines of a log: options and versions.
  void LogHeader(const char*, va_list) override {}

 private:
  rocksdb::Status CloseImpl() override { return rocksdb::Status::OK(); }

  const std::string database_;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> NewRocksLog(const std::string& database) {
  return std::make_shared<RocksLog>(database);
}

}  // namespace kith::eventstore
