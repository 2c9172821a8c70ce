#include "services/runtime/admission/watched_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/testing/temp_folder.h"

namespace kith::runtime {
namespace {

using ::testing::HasSubstr;

// Goal: nobody waits for what stands in place of a file. Method: a pipe that nobody writes to.
TEST(WatchedFiles, AreReadOnlyWhereTheyAreFiles) {
  const testing::TempFolder folder;
  const std::string file = folder / "file";
  const std::string pipe = folder / "pipe";
  std::ofstream(file) << "text";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const WatchedFiles files({file, pipe, folder / "none", folder.path()});
  EXPECT_EQ(*files.Read(0), "text");
  for (size_t number = 1; number < 4; ++number) {
    const auto refused = files.Read(number);
    EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << number;
  }
  EXPECT_THAT(std::string(files.Read(1).status().message()), HasSubstr("no file"));
}

}  // namespace
}  // namespace kith::runtime
