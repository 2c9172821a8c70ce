#include "services/workspaces/settings_history.h"

#include <gtest/gtest.h>

#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using eventstore::ReadTier;
using testing::Proto;
using Stub = v1::WorkspacesService::Stub;

class SettingsHistoryTest : public ::testing::Test {
 protected:
  // Returns the position after the change.
  Position Choose(absl::string_view workspace) {
    v1::UpdateWorkspaceRequest request;
    *request.mutable_workspace() = Proto<v1::Workspace>(workspace);
    EXPECT_EQ(server_.Call(&Stub::UpdateWorkspace, request).reason(), "");
    return server_.runtime().log.head();
  }
  // Something that is no setting.
  Position MakeKey() {
    const auto request = Proto<v1::CreateApiKeyRequest>(
        "api_key { display_name: 'Shop' permissions: 'contacts.read' }");
    EXPECT_EQ(server_.Call(&Stub::CreateApiKey, request).reason(), "");
    return server_.runtime().log.head();
  }
  Settings At(Position position) {
    const auto settings = history_.At(server_.workspace(), position, ReadTier::kDisk);
    EXPECT_TRUE(settings.ok());
    return settings.ok() ? **settings : Settings();
  }

  testing::TestServer server_;
  SettingsHistory history_{server_.runtime().log, server_.runtime().registry};
};

TEST_F(SettingsHistoryTest, GivesThoseThatWereRecordedByThePosition) {
  const Position begin = server_.runtime().log.head();
  EXPECT_EQ(At(begin).time_zone, "");
  const Position berlin = Choose("time_zone: 'Europe/Berlin'");
  const Position key = MakeKey();
  const Position april = Choose("fiscal_year_start_month: 4");
  EXPECT_EQ(At(april).fiscal_year_start_month, 4);
  EXPECT_EQ(At(april).time_zone, "Europe/Berlin");
  EXPECT_EQ(At(key).fiscal_year_start_month, 1);
  EXPECT_EQ(At(key).time_zone, "Europe/Berlin");
  EXPECT_EQ(At(berlin).time_zone, "Europe/Berlin");
  EXPECT_EQ(At(begin).time_zone, "");
}

TEST_F(SettingsHistoryTest, GivesTheDefaultsBeforeTheFirstEvent) {
  Choose("fiscal_year_start_month: 4");
  EXPECT_EQ(At(Position()).fiscal_year_start_month, 1);
  const auto stranger = history_.At(WorkspaceId(9), server_.runtime().log.head(), ReadTier::kDisk);
  ASSERT_TRUE(stranger.ok());
  EXPECT_EQ((*stranger)->fiscal_year_start_month, 1);
}

TEST_F(SettingsHistoryTest, IsTheSameFromAnyBeginning) {
  const Position first = Choose("fiscal_year_start_month: 4");
  EXPECT_EQ(At(first).fiscal_year_start_month, 4);
  const Position second = Choose("fiscal_year_start_month: 5");
  SettingsHistory anew(server_.runtime().log, server_.runtime().registry);
  for (const Position position : {Position(), first, second}) {
    const auto settings = anew.At(server_.workspace(), position, ReadTier::kDisk);
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ((*settings)->fiscal_year_start_month, At(position).fiscal_year_start_month);
  }
}

}  // namespace
}  // namespace kith::workspaces
