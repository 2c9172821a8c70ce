#include "eventstore/rocksdb/settled_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

class SettledFileTest : public ::testing::Test {
 protected:
  std::string Content() const {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void Put(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }

  TempDir dir_;
  const std::string path_ = dir_.path() + "/settled";
  const absl::Time time_ = absl::FromUnixMicros(1'700'000'000'123'456);
};

TEST_F(SettledFileTest, ReadsWhatWasWrittenLast) {
  EXPECT_EQ(*SettledFile(path_).Read(), absl::InfinitePast());
  for (int i = 0; i < 5; ++i) {
    SettledFile file(path_);
    ASSERT_TRUE(file.Read().ok());
    const absl::Time time = time_ + absl::Seconds(i);
    ASSERT_TRUE(file.Write(time).ok());
    EXPECT_EQ(*SettledFile(path_).Read(), time);
    ASSERT_TRUE(file.Write(time - absl::Hours(1)).ok()) << "lower, as at a clean end";
    EXPECT_EQ(*SettledFile(path_).Read(), time - absl::Hours(1));
  }
  EXPECT_EQ(Content().size(), 8192u) << "written in place";
}

// A write that was torn was not relied on; the one before it was.
TEST_F(SettledFileTest, FallsBackToTheSlotBefore) {
  SettledFile file(path_);
  ASSERT_TRUE(file.Read().ok());
  ASSERT_TRUE(file.Write(time_).ok());
  ASSERT_TRUE(file.Write(time_ + absl::Seconds(1)).ok());  // serial 2, in the first page
  std::string content = Content();
  content[9] ^= 1;
  Put(content);
  EXPECT_EQ(*SettledFile(path_).Read(), time_);
  content[4096 + 9] ^= 1;
  Put(content);
  EXPECT_EQ(SettledFile(path_).Read().status().code(), absl::StatusCode::kFailedPrecondition);
  Put(content.substr(0, 4096));
  EXPECT_EQ(SettledFile(path_).Read().status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kith::eventstore
