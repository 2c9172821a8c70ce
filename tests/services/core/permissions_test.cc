#include "services/core/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"

namespace kith {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string>& Known() {
  static const auto& known = *new std::vector<std::string>(
      {"contacts.read", "contacts.write", "deals.read", "deals.write", "operator.workspaces"});
  return known;
}

absl::Status Check(const std::vector<std::string>& permissions) {
  std::vector<WantedPermission> wanted;
  for (const std::string& permission : permissions) {
    wanted.push_back({absl::StrCat("key.permissions[", wanted.size(), "]"), permission});
  }
  return CheckPermissions(workspaces::v1::WORKSPACES_ERROR_UNKNOWN_PERMISSION, wanted, Known());
}

TEST(PermissionsLike, AreThoseOfTheResourceOrFewLettersAway) {
  EXPECT_THAT(PermissionsLike("contacts.create", Known()),
              ElementsAre("contacts.read", "contacts.write"));
  EXPECT_THAT(PermissionsLike("contact.read", Known()), ElementsAre("contacts.read"));
  EXPECT_THAT(PermissionsLike("daels.write", Known()), ElementsAre("deals.write"));
  EXPECT_THAT(PermissionsLike("contacts", Known()), ElementsAre("contacts.read", "contacts.write"));
  EXPECT_THAT(PermissionsLike("invoices.read", Known()), IsEmpty());
  EXPECT_THAT(PermissionsLike("", Known()), IsEmpty());
}

TEST(CheckPermissions, TakesWhatMatchesAny) {
  EXPECT_TRUE(
      Check({"*", "operator.*", "contacts.*", "*.read", "deals.write", "operator.workspaces"})
          .ok());
}

TEST(CheckPermissions, NamesEachThatMatchesNoneAndAllThereAre) {
  const absl::Status refused = Check({"deals.read", "contacts.create", "*.bogus", "invoices.*"});
  EXPECT_TRUE(IsError(refused, workspaces::v1::WORKSPACES_ERROR_UNKNOWN_PERMISSION)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("perhaps for contacts.read or contacts.write;"));
  EXPECT_THAT(refused.message(), HasSubstr("operator.workspaces"));
  google::rpc::BadRequest fields;
  const std::optional<google::rpc::Status> wire = WireError(refused);
  for (const auto& detail : wire->details()) detail.UnpackTo(&fields);
  ASSERT_EQ(fields.field_violations_size(), 3);
  EXPECT_EQ(fields.field_violations(0).field(), "key.permissions[1]");
  EXPECT_EQ(fields.field_violations(2).field(), "key.permissions[3]");
}

}  // namespace
}  // namespace kith
