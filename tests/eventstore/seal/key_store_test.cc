#include "eventstore/seal/key_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/temp_folder.h"

namespace kith::eventstore {
namespace {

constexpr WorkspaceId kWorkspace(1);

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

TEST(OpenKeyStore, MakesAFileThatOnlyItsOwnerReads) {
  testing::SeededRandom random(1);
  const testing::TempFolder folder;
  ASSERT_TRUE(OpenKeyStore(folder / "keys", random).ok());
  struct stat info;
  ASSERT_EQ(::stat((folder / "keys").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(folder / "keys.new"));
}

TEST(OpenKeyStore, UnsealsAfterwardsAndForgetsTheErased) {
  testing::SeededRandom random(1);
  const testing::TempFolder folder;
  SealedPart ada;
  SealedPart bob;
  {
    auto keys = OpenKeyStore(folder / "keys", random);
    ASSERT_TRUE(keys.ok());
    ada = *(*keys)->Seal(kWorkspace, {"contacts/ada", "Ada"}, ReadTier::kDisk);
    bob = *(*keys)->Seal(kWorkspace, {"contacts/bob", "Bob"}, ReadTier::kDisk);
    ASSERT_EQ((*keys)->Destroy(kWorkspace, "contacts/bob"), absl::OkStatus());
  }
  auto keys = OpenKeyStore(folder / "keys", random);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(**(*keys)->Unseal(kWorkspace, ada), "Ada");
  EXPECT_FALSE((*keys)->Unseal(kWorkspace, bob)->has_value());
  EXPECT_TRUE((*keys)->IsDestroyed(kWorkspace, "contacts/bob"));
  EXPECT_FALSE((*keys)->IsDestroyed(kWorkspace, "contacts/ada"));
}

TEST(OpenKeyStore, StartsAgainWhereMakingTheFileWasCutShort) {
  testing::SeededRandom random(1);
  const testing::TempFolder folder;
  std::ofstream(folder / "keys.new") << "half a head";
  EXPECT_TRUE(OpenKeyStore(folder / "keys", random).ok());
}

TEST(OpenKeyStore, LeavesAForeignFileAsItIsAndNamesIt) {
  testing::SeededRandom random(1);
  const testing::TempFolder folder;
  std::ofstream(folder / "keys") << "somebody's diary";
  const absl::Status refused = OpenKeyStore(folder / "keys", random).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_TRUE(absl::StartsWith(refused.message(), folder / "keys")) << refused;
  EXPECT_EQ(BytesOf(folder / "keys"), "somebody's diary");
}

TEST(OpenKeyStore, SaysWhichFolderIsMissing) {
  testing::SeededRandom random(1);
  const testing::TempFolder folder;
  const absl::Status refused = OpenKeyStore(folder / "none/keys", random).status();
  EXPECT_TRUE(absl::IsNotFound(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), folder / "none/keys")) << refused;
}

TEST(MemoryKeyStore, SealsUnsealsAndForgets) {
  testing::SeededRandom random(1);
  const std::unique_ptr<KeyStore> keys = NewMemoryKeyStore(random);
  for (int i = 0; i < 100; ++i) {
    const std::string subject = absl::StrCat("contacts/", i);
    const SealedPart part = *keys->Seal(kWorkspace, {subject, subject}, ReadTier::kDisk);
    EXPECT_EQ(**keys->Unseal(kWorkspace, part), subject);
    EXPECT_FALSE(keys->IsDestroyed(kWorkspace, subject));
    ASSERT_EQ(keys->Destroy(kWorkspace, subject), absl::OkStatus());
    EXPECT_FALSE(keys->Unseal(kWorkspace, part)->has_value());
    EXPECT_TRUE(keys->IsDestroyed(kWorkspace, subject));
    EXPECT_FALSE(keys->IsDestroyed(WorkspaceId(kWorkspace.value() + 1), subject));
  }
}

}  // namespace
}  // namespace kith::eventstore
