// When keys were last used: what is told of it, and what of it outlives a server.
#include "services/workspaces/key_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using Stub = v1::WorkspacesService::Stub;

constexpr char kAda[] = "01J00000000000000000000ADA";
constexpr char kBob[] = "01J00000000000000000000BBB";

class KeyUsesTest : public ::testing::Test {
 protected:
  // What is known by a server that starts now.
  int64_t DayAfterAStart(WorkspaceId workspace, const char* key) {
    runtime::Pool pool({.threads = 1});
    return KeyUses(path_, pool).LastDay(workspace, key);
  }
  void Note(WorkspaceId workspace, const char* key, int64_t day) {
    runtime::Pool pool({.threads = 1});
    KeyUses uses(path_, pool);
    uses.Note(workspace, key, day);
    EXPECT_GE(uses.LastDay(workspace, key), day);
    pool.Stop();
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_ / "key_uses";
};

TEST_F(KeyUsesTest, AreThereAfterAStart) {
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kAda), 0) << "there is no file";
  Note(WorkspaceId(1), kAda, 20'000);
  Note(WorkspaceId(2), kAda, 20'001);
  Note(WorkspaceId(1), kBob, 20'002);
  Note(WorkspaceId(1), kAda, 20'003);
  Note(WorkspaceId(1), kAda, 19'999);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kAda), 20'003);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(2), kAda), 20'001);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kBob), 20'002);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(2), kBob), 0);
  EXPECT_EQ(std::filesystem::file_size(path_), 3 * 64) << "a slot for each key";
}

TEST_F(KeyUsesTest, AreAsIfTheyHadNotBeenWhereTheFileIsDamaged) {
  Note(WorkspaceId(1), kAda, 20'000);
  Note(WorkspaceId(1), kBob, 20'000);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5);
    file.put('x');
  }
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kAda), 0);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kBob), 20'000);
  Note(WorkspaceId(1), kAda, 20'001);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kAda), 20'001) << "it gets another slot";
  std::filesystem::resize_file(path_, 64 + 30);  // torn, and another lost
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kBob), 0);
  Note(WorkspaceId(1), kBob, 20'002);
  EXPECT_EQ(DayAfterAStart(WorkspaceId(1), kBob), 20'002);
}

TEST_F(KeyUsesTest, AreToldByTheDayWithTheKeys) {
  testing::TestServer server(nullptr,
                             [this](runtime::ServerOptions& options) { options.key_uses = path_; });
  v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Website");
  create.mutable_api_key()->add_permissions("*");
  const auto made = server.Call(&Stub::CreateApiKey, create);
  const auto used = [&](int i) -> google::type::Date {
    return server.Call(&Stub::ListApiKeys, v1::ListApiKeysRequest())->api_keys(i).last_use_date();
  };
  const auto day = [&] {
    const absl::CivilDay today = absl::ToCivilDay(server.clock().Now(), absl::UTCTimeZone());
    return absl::StrCat(today.year(), "-", today.month(), "-", today.day());
  };
  const auto text = [](const google::type::Date& date) {
    return absl::StrCat(date.year(), "-", date.month(), "-", date.day());
  };
  EXPECT_EQ(text(used(0)), day()) << "by this very call";
  EXPECT_EQ(text(used(1)), "0-0-0") << "nobody used it";
  const uint64_t head = server.runtime().log.head().value();
  EXPECT_EQ(server.CallWith(made->secret(), &Stub::GetWorkspace, {}).reason(), "");
  EXPECT_EQ(text(used(1)), day());
  EXPECT_EQ(server.runtime().log.head().value(), head) << "the log has nothing of it";
  const std::string first = day();
  server.clock().Advance(absl::Hours(49));
  EXPECT_EQ(text(used(1)), first);
  EXPECT_EQ(text(used(0)), day());
  server.Restart();
  EXPECT_EQ(text(used(1)), first);
  EXPECT_EQ(server.CallWith(made->secret() + "x", &Stub::GetWorkspace, {}).reason(),
            "UNAUTHENTICATED");
  EXPECT_EQ(text(used(1)), first) << "nobody was let in";
}

}  // namespace
}  // namespace kith::workspaces
