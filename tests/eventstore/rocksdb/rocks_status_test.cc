#include "eventstore/rocksdb/rocks_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

namespace kith::eventstore {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RocksStatus, SaysWhatToRaiseWhereDescriptorsHaveRunOut) {
  for (const int error : {EMFILE, ENFILE}) {
    const auto status = rocksdb::Status::IOError("While open a file", std::strerror(error));
    EXPECT_THAT(std::string(FromRocks(status, "reading the log").message()),
                HasSubstr("raise the limit of the process (LimitNOFILE, ulimit -n)"));
  }
  const auto other = rocksdb::Status::IOError("While open a file", std::strerror(EIO));
  EXPECT_THAT(std::string(FromRocks(other, "reading the log").message()),
              Not(HasSubstr("LimitNOFILE")));
}

}  // namespace
}  // namespace kith::eventstore
