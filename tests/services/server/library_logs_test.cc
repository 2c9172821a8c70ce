// What the libraries say reaches the server's log, in its form, and a flood of it is one line.
#include "services/server/library_logs.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/grpc.h"
#include "grpc/support/log.h"
#include "services/server/log_bursts.h"
#include "tests/testing/captured_log.h"

namespace kith::server {
namespace {

class LibraryLogs : public ::testing::Test {
 protected:
  // gRPC says nothing before it is there.
  LibraryLogs() {
    TakeLibraryLogs();
    grpc_init();
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_DEBUG);
  }
  ~LibraryLogs() override {
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // as it is when nobody says
    grpc_shutdown();
  }
};

// At one place, as a library would: with what differs each time.
void SayAnError(int number) { gpr_log(GPR_ERROR, "descriptor %d cannot be accepted", number); }

// The line that has this text; empty where there is none.
std::string LineWith(const testing::CapturedLog& log, absl::string_view text) {
  for (const LogLine& line : log.lines()) {
    if (absl::StrContains(line.json, text)) return line.json;
  }
  return "";
}

TEST_F(LibraryLogs, AreLinesOfTheServersLog) {
  const testing::CapturedLog log;
  SayAnError(7);
  const std::string of_grpc = LineWith(log, "descriptor 7 cannot");
  for (const char* part :
       {R"("level":"warning")", R"("library":"grpc")", R"("place":"library_logs_test.cc:)",
        R"("text":"descriptor 7 cannot be accepted")"}) {
    EXPECT_TRUE(absl::StrContains(of_grpc, part)) << part << " is not in " << of_grpc;
  }
  google::protobuf::FileDescriptorProto file;
  file.set_name("broken.proto");
  file.add_dependency("missing.proto");
  google::protobuf::DescriptorPool pool;
  EXPECT_EQ(pool.BuildFile(file), nullptr);
  const std::string of_protobuf = LineWith(log, "missing.proto");
  EXPECT_TRUE(absl::StrContains(of_protobuf, R"("library":"protobuf")")) << of_protobuf;
}

TEST_F(LibraryLogs, SayAtLevelDebugWhatIsNoError) {
  const testing::CapturedLog log(LogLevel::kInfo);
  gpr_log(GPR_INFO, "all is well");
  SayAnError(1);
  EXPECT_EQ(log.lines().size(), 1u);
}

TEST_F(LibraryLogs, OfOneFaultAreOneLineHoweverManyTheyAre) {
  const testing::CapturedLog log;
  for (int i = 0; i < 1'000; ++i) SayAnError(i);
  LogBursts bursts;
  int written = 0;
  for (LogLine& line : log.lines()) written += bursts.Take(std::move(line), {}).has_value() ? 1 : 0;
  EXPECT_EQ(written, 1);
}

}  // namespace
}  // namespace kith::server
