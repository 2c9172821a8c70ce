#include "eventstore/seal/slot_key_store.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "tests/eventstore/seal/lossy_key_file.h"
#include "tests/testing/seeded_random.h"

namespace kith::eventstore {
namespace {

constexpr WorkspaceId kWorkspace(1);
constexpr SlotKeyStoreOptions kSmall{.pool = {.keys = 8, .keys_min = 0, .fill_ahead = false},
                                     .cached_keys_max = KeyCache::kShards};

bool Keep() { return true; }
bool Lose() { return false; }

class SlotKeyStoreTest : public ::testing::Test {
 protected:
  absl::Status Open(const SlotKeyStoreOptions& options = kSmall) {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SlotKeyStore>> store =
        SlotKeyStore::Open(disk_.Open(), random_, options);
    if (store.ok()) store_ = *std::move(store);
    return store.status();
  }
  void CutPowerAndOpen(bool (*survives)()) {
    store_.reset();
    disk_.CutPower(survives);
    ASSERT_EQ(Open(), absl::OkStatus());
  }
  SealedPart Seal(const std::string& subject, const std::string& text = "Ada Lovelace") {
    absl::StatusOr<SealedPart> part = store_->Seal(kWorkspace, {subject, text}, ReadTier::kDisk);
    EXPECT_EQ(part.status(), absl::OkStatus());
    return part.ok() ? *part : SealedPart();
  }
  // "erased", the text, or the error.
  std::string Unseal(const SealedPart& part, WorkspaceId workspace = kWorkspace) {
    const auto text = store_->Unseal(workspace, part);
    if (!text.ok()) return std::string(absl::StatusCodeToString(text.status().code()));
    return text->value_or("erased");
  }
  void SetUp() override { ASSERT_EQ(Open(), absl::OkStatus()); }

  testing::SeededRandom random_{1};
  LossyDisk disk_{SlotKeyStore::NewFile(random_)};
  std::unique_ptr<SlotKeyStore> store_;
};

TEST_F(SlotKeyStoreTest, UnsealsWhatItSealed) {
  const SealedPart part = Seal("contacts/a");
  EXPECT_EQ(part.subject, "contacts/a");
  EXPECT_FALSE(absl::StrContains(part.ciphertext, "Ada"));
  EXPECT_EQ(Unseal(part), "Ada Lovelace");
  EXPECT_EQ(Unseal(Seal("contacts/a", "")), "");
}

TEST_F(SlotKeyStoreTest, GivesAPersonOneKeyAndNoTwoTheSame) {
  const SealedPart first = Seal("contacts/a");
  const SealedPart again = Seal("contacts/a");
  EXPECT_EQ(first.key_number, again.key_number);
  EXPECT_NE(first.nonce, again.nonce);
  EXPECT_NE(first.ciphertext, again.ciphertext);
  EXPECT_NE(first.key_number, Seal("contacts/b").key_number);
}

TEST_F(SlotKeyStoreTest, TellsWhenASealedPartWasTamperedWith) {
  const SealedPart part = Seal("contacts/a");
  Seal("contacts/b");
  for (size_t bit = 0; bit < part.ciphertext.size() * 8; ++bit) {
    SealedPart flipped = part;
    flipped.ciphertext[bit / 8] = static_cast<char>(flipped.ciphertext[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(Unseal(flipped), "DATA_LOSS") << "bit " << bit;
  }
  SealedPart other = part;
  other.subject = "contacts/b";
  EXPECT_EQ(Unseal(other), "DATA_LOSS");
  other = part;
  other.nonce[0] ^= 1;
  EXPECT_EQ(Unseal(other), "DATA_LOSS");
  for (const uint64_t key_number :
       {uint64_t{0}, part.key_number + 1, uint64_t{1'000'000}, ~uint64_t{0}}) {
    other = part;
    other.key_number = key_number;
    EXPECT_EQ(Unseal(other), "DATA_LOSS") << key_number;
  }
  EXPECT_EQ(Unseal(part, WorkspaceId(2)), "DATA_LOSS");
}

TEST_F(SlotKeyStoreTest, KeepsItsKeysWhenOpenedAgain) {
  const SealedPart part = Seal("contacts/a");
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_EQ(Unseal(part), "Ada Lovelace");
  EXPECT_EQ(Seal("contacts/a").key_number, part.key_number);
}

// ---- Erasure

TEST_F(SlotKeyStoreTest, ErasesAPersonForGood) {
  const SealedPart part = Seal("contacts/a");
  const SealedPart other = Seal("contacts/b");
  EXPECT_EQ(Unseal(part), "Ada Lovelace");  // from now on the key is cached
  ASSERT_EQ(store_->Destroy(kWorkspace, "contacts/a"), absl::OkStatus());
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(Unseal(part), "erased");
    EXPECT_EQ(Unseal(other), "Ada Lovelace");
    const absl::Status refused =
        store_->Seal(kWorkspace, {"contacts/a", "again"}, ReadTier::kDisk).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused));
    EXPECT_TRUE(absl::StartsWith(refused.message(), "erased")) << refused;
    ASSERT_EQ(Open(), absl::OkStatus());
  }
}

TEST_F(SlotKeyStoreTest, LeavesNoByteOfADestroyedKeyInTheFile) {
  const SealedPart part = Seal("contacts/a");
  const uint64_t offset = SlotOffset(SlotNumber(static_cast<uint32_t>(part.key_number)));
  const std::optional<KeySlot> slot = DecodeSlot(SlotNumber(static_cast<uint32_t>(part.key_number)),
                                                 disk_.bytes().substr(offset, kSlotBytes));
  ASSERT_TRUE(slot.has_value());
  const std::string wrapped(slot->wrapped.begin(), slot->wrapped.end());
  ASSERT_TRUE(absl::StrContains(disk_.bytes(), wrapped));

  ASSERT_EQ(store_->Destroy(kWorkspace, "contacts/a"), absl::OkStatus());
  const std::string bytes = disk_.bytes();
  for (size_t i = 0; i + 8 <= wrapped.size(); ++i) {
    EXPECT_FALSE(absl::StrContains(bytes, wrapped.substr(i, 8))) << "byte " << i;
  }
}

TEST_F(SlotKeyStoreTest, HasDestroyedAKeyOnDiskWhenItSaysSo) {
  const SealedPart part = Seal("contacts/a");
  ASSERT_EQ(store_->Destroy(kWorkspace, "contacts/a"), absl::OkStatus());
  CutPowerAndOpen(Lose);
  EXPECT_EQ(Unseal(part), "erased");
  EXPECT_TRUE(absl::IsFailedPrecondition(
      store_->Seal(kWorkspace, {"contacts/a", "again"}, ReadTier::kDisk).status()));
}

TEST_F(SlotKeyStoreTest, NeverGivesAKeyToSomebodyErasedBeforeTheyHadOne) {
  ASSERT_EQ(store_->Destroy(kWorkspace, "contacts/a"), absl::OkStatus());
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      store_->Seal(kWorkspace, {"contacts/a", "x"}, ReadTier::kDisk).status()));
}

TEST_F(SlotKeyStoreTest, ErasesOnlyInTheWorkspaceThatAsks) {
  ASSERT_EQ(store_->Destroy(WorkspaceId(2), "contacts/a"), absl::OkStatus());
  EXPECT_EQ(Unseal(Seal("contacts/a")), "Ada Lovelace");
}

TEST_F(SlotKeyStoreTest, DestroysAgainAfterASyncThatFailed) {
  const SealedPart part = Seal("contacts/a");
  disk_.FailSyncs(true);
  EXPECT_TRUE(absl::IsUnavailable(store_->Destroy(kWorkspace, "contacts/a")));
  disk_.FailSyncs(false);
  EXPECT_EQ(store_->Destroy(kWorkspace, "contacts/a"), absl::OkStatus());
  CutPowerAndOpen(Lose);
  EXPECT_EQ(Unseal(part), "erased");
}

// ---- The pool

TEST_F(SlotKeyStoreTest, WaitsForTheDiskOnlyWhenThePoolIsEmpty) {
  Seal("contacts/first of the workspace");
  const int before = disk_.syncs();
  for (int i = 0; i < 5; ++i) Seal(absl::StrCat("contacts/", i));
  EXPECT_EQ(disk_.syncs(), before);
  for (int i = 0; i < 8; ++i) Seal(absl::StrCat("contacts/more/", i));
  EXPECT_EQ(disk_.syncs(), before + 1);
}

TEST_F(SlotKeyStoreTest, SaysSoOnMemoryWhereItWouldWaitForTheDisk) {
  const auto on_memory = [this](const std::string& subject) {
    return store_->Seal(kWorkspace, {subject, "x"}, ReadTier::kMemory).status();
  };
  EXPECT_TRUE(absl::IsUnavailable(on_memory("contacts/first of the workspace")));
  Seal("contacts/first of the workspace");
  const int before = disk_.syncs();
  int given = 0;
  while (given < 100 && on_memory(absl::StrCat("contacts/", given)).ok()) ++given;
  EXPECT_EQ(given, 5);
  EXPECT_TRUE(absl::IsUnavailable(on_memory("contacts/more")));
  EXPECT_EQ(disk_.syncs(), before);
  Seal("contacts/more");
  EXPECT_EQ(on_memory("contacts/yet more"), absl::OkStatus());
  // A key that is only in the file.
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(on_memory("contacts/0")));
  Seal("contacts/0");
  EXPECT_EQ(on_memory("contacts/0"), absl::OkStatus());
  ASSERT_EQ(store_->Destroy(kWorkspace, "contacts/0"), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(on_memory("contacts/0")));
}

TEST_F(SlotKeyStoreTest, FillsThePoolAheadOnAThreadOfItsOwn) {
  ASSERT_EQ(Open({.pool = {.keys = 8, .keys_min = 8, .fill_ahead = true},
                  .cached_keys_max = KeyCache::kShards}),
            absl::OkStatus());
  std::vector<SealedPart> parts;
  for (int i = 0; i < 200; ++i)
    parts.push_back(Seal(absl::StrCat("contacts/", i), absl::StrCat(i)));
  std::set<uint64_t> slots;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(Unseal(parts[i]), absl::StrCat(i));
    slots.insert(parts[i].key_number);
  }
  EXPECT_EQ(slots.size(), 200u);
  ASSERT_EQ(Open(), absl::OkStatus());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Unseal(parts[i]), absl::StrCat(i));
}

TEST_F(SlotKeyStoreTest, GivesOneKeyAPersonThatManyThreadsSealFor) {
  constexpr int kThreads = 4;
  constexpr int kPeople = 100;
  std::vector<std::vector<SealedPart>> parts(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : parts) {
    threads.emplace_back([this, &mine] {
      for (int i = 0; i < kPeople; ++i) {
        mine.push_back(*store_->Seal(kWorkspace, {absl::StrCat("contacts/", i), absl::StrCat(i)},
                                     ReadTier::kDisk));
        ASSERT_EQ(**store_->Unseal(kWorkspace, mine.back()), absl::StrCat(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kPeople; ++i) {
    for (const auto& mine : parts) EXPECT_EQ(mine[i].key_number, parts[0][i].key_number);
  }
}

TEST_F(SlotKeyStoreTest, IsUnavailableWhileTheDiskFailsAndCarriesOnAfterwards) {
  const SealedPart part = Seal("contacts/a");
  disk_.FailWrites(true);
  EXPECT_TRUE(
      absl::IsUnavailable(store_->Seal(kWorkspace, {"contacts/b", "x"}, ReadTier::kDisk).status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->Destroy(kWorkspace, "contacts/a")));
  EXPECT_EQ(Unseal(part), "Ada Lovelace");  // what is there can be read, and nothing was destroyed
  disk_.FailWrites(false);
  EXPECT_EQ(Unseal(Seal("contacts/b")), "Ada Lovelace");
}

// What a failed write or sync left in the file must not be in the way of what is written next.
TEST_F(SlotKeyStoreTest, OpensAgainAfterFailuresInTheMiddleOfGivingKeys) {
  disk_.FailSyncs(true);
  EXPECT_TRUE(
      absl::IsUnavailable(store_->Seal(kWorkspace, {"contacts/a", "x"}, ReadTier::kDisk).status()));
  disk_.FailSyncs(false);
  const SealedPart other =
      *store_->Seal(WorkspaceId(2), {"contacts/a", "elsewhere"}, ReadTier::kDisk);
  const SealedPart part = Seal("contacts/a");
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_EQ(Unseal(part), "Ada Lovelace");
  EXPECT_EQ(Unseal(other, WorkspaceId(2)), "elsewhere");
}

// ---- Recovery

TEST_F(SlotKeyStoreTest, RecoversAKeyWhoseOwnerWasNotYetOnDisk) {
  Seal("contacts/first of the workspace");
  const SealedPart part = Seal("contacts/a");
  CutPowerAndOpen(Lose);
  EXPECT_EQ(store_->recovery_mark(), Position(0));
  ASSERT_EQ(store_->Recover(kWorkspace, part), absl::OkStatus());
  ASSERT_EQ(store_->Recover(kWorkspace, part), absl::OkStatus());  // once for every part of theirs
  EXPECT_EQ(Unseal(part), "Ada Lovelace");
  EXPECT_EQ(Seal("contacts/a").key_number, part.key_number);
  EXPECT_NE(Seal("contacts/b").key_number, part.key_number);
}

TEST_F(SlotKeyStoreTest, NeedsNoRecoveryUpToItsMark) {
  const SealedPart part = Seal("contacts/a");
  ASSERT_EQ(store_->Checkpoint(Position(7)), absl::OkStatus());
  CutPowerAndOpen(Lose);
  EXPECT_EQ(Unseal(part), "Ada Lovelace");
  ASSERT_EQ(store_->Checkpoint(Position(8)), absl::OkStatus());
  CutPowerAndOpen(Keep);
  EXPECT_EQ(store_->recovery_mark(), Position(8));
  ASSERT_EQ(store_->Checkpoint(Position(3)), absl::OkStatus());  // never back
  EXPECT_EQ(store_->recovery_mark(), Position(8));
}

// The power goes while fresh keys are being written: some of their slots are there, some not.
TEST_F(SlotKeyStoreTest, WritesAnewTheSlotsThatAPowerCutLeftHalf) {
  std::vector<SealedPart> parts;
  for (int i = 0; i < 6; ++i) parts.push_back(Seal(absl::StrCat("contacts/", i)));
  ASSERT_EQ(store_->Checkpoint(Position(6)), absl::OkStatus());
  disk_.FailSyncs(true);
  EXPECT_TRUE(
      absl::IsUnavailable(store_->Seal(kWorkspace, {"contacts/6", "x"}, ReadTier::kDisk).status()));
  disk_.FailSyncs(false);
  store_.reset();
  const size_t before = disk_.bytes().size();
  int sectors = 0;
  disk_.CutPower([&] { return ++sectors % 2 == 0; });
  ASSERT_EQ(disk_.bytes().size(), before);  // the end is there, what stands before it is not
  ASSERT_EQ(Open(), absl::OkStatus());
  ASSERT_EQ(store_->Checkpoint(Position(7)), absl::OkStatus());
  ASSERT_EQ(Open(), absl::OkStatus());
  for (int i = 6; i < 30; ++i) parts.push_back(Seal(absl::StrCat("contacts/", i)));
  ASSERT_EQ(store_->Checkpoint(Position(30)), absl::OkStatus());
  ASSERT_EQ(Open(), absl::OkStatus());
  std::set<uint64_t> slots;
  for (const SealedPart& part : parts) {
    EXPECT_EQ(Unseal(part), "Ada Lovelace");
    slots.insert(part.key_number);
  }
  EXPECT_EQ(slots.size(), parts.size());
}

TEST_F(SlotKeyStoreTest, RefusesToRecoverFromALogThatIsNotItsOwn) {
  testing::SeededRandom other_random(2);
  LossyDisk other_disk(SlotKeyStore::NewFile(other_random));
  const auto other = SlotKeyStore::Open(other_disk.Open(), other_random, kSmall);
  ASSERT_TRUE(other.ok());
  const SealedPart foreign = *(*other)->Seal(kWorkspace, {"contacts/a", "x"}, ReadTier::kDisk);
  Seal("contacts/b");  // so that the workspace has a key here too
  for (const uint64_t slot :
       {foreign.key_number, foreign.key_number + 2, uint64_t{0}, uint64_t{1} << 40}) {
    SealedPart part = foreign;
    part.key_number = slot;
    const absl::Status refused = store_->Recover(kWorkspace, part);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_TRUE(absl::StrContains(refused.message(), absl::StrCat("slot ", slot, " "))) << refused;
  }
}

// Goal: whatever a power cut leaves of the unsynced writes, every part that the log kept opens
// again, nobody gets another's key, and the erased stay erased. Method: people are sealed for,
// erased and checkpointed at random; at each cut every unsynced write is kept or lost by a coin;
// then the parts after the mark are recovered, as the log does.
RC_GTEST_PROP(SlotKeyStoreCrash, LosesNoKeyOfARecordedPart, (uint32_t seed)) {
  testing::SeededRandom random(seed);
  LossyDisk disk(SlotKeyStore::NewFile(random));
  const auto below = [&](int limit) { return static_cast<uint8_t>(random.Bytes(1)[0]) % limit; };
  std::vector<std::pair<SealedPart, std::string>> log;  // at position index + 1
  std::set<std::string> erased;
  for (int life = 0; life < 5; ++life) {
    auto store = SlotKeyStore::Open(disk.Open(), random, kSmall);
    RC_ASSERT(store.ok());
    for (size_t i = (*store)->recovery_mark().value(); i < log.size(); ++i) {
      RC_ASSERT((*store)->Recover(kWorkspace, log[i].first).ok());
    }
    std::map<uint64_t, std::string> owners;
    for (const auto& [part, text] : log) {
      const auto plain = (*store)->Unseal(kWorkspace, part);
      RC_ASSERT(plain.ok());
      RC_ASSERT(plain->has_value() == !erased.contains(part.subject));
      if (plain->has_value()) RC_ASSERT(**plain == text);
      RC_ASSERT(owners.emplace(part.key_number, part.subject).first->second == part.subject);
    }
    for (int step = below(40); step > 0; --step) {
      const std::string subject = absl::StrCat("contacts/", below(60));
      const int what = below(20);
      if (what == 0) {
        RC_ASSERT((*store)->Destroy(kWorkspace, subject).ok());
        erased.insert(subject);
      } else if (what == 1) {
        RC_ASSERT((*store)->Checkpoint(Position(log.size())).ok());
      } else {
        const auto part = (*store)->Seal(kWorkspace, {subject, absl::StrCat("text ", log.size())},
                                         ReadTier::kDisk);
        RC_ASSERT(part.ok() == !erased.contains(subject));
        // Some appends never make it into the log.
        if (part.ok() && what < 16) log.emplace_back(*part, absl::StrCat("text ", log.size()));
      }
    }
    store->reset();
    disk.CutPower([&] { return below(2) == 0; });
  }
}

// ---- Damage

TEST_F(SlotKeyStoreTest, RefusesAFileWithADamagedSlotAndNamesIt) {
  const uint64_t key_number = Seal("contacts/a").key_number;
  ASSERT_EQ(store_->Checkpoint(Position(1)), absl::OkStatus());
  store_.reset();
  disk_.Damage([&](std::string& bytes) {
    bytes[SlotOffset(SlotNumber(static_cast<uint32_t>(key_number))) + 50] ^= 1;
  });
  const std::string before = disk_.bytes();
  const absl::Status refused = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), absl::StrCat("slot ", key_number, " ")))
      << refused;
  EXPECT_EQ(disk_.bytes(), before);
}

TEST_F(SlotKeyStoreTest, RefusesAFileCutShortAndNamesTheFirstSlotMissing) {
  Seal("contacts/a");
  ASSERT_EQ(store_->Checkpoint(Position(1)), absl::OkStatus());
  store_.reset();
  disk_.Damage([](std::string& bytes) { bytes.resize(SlotOffset(SlotNumber(3)) + 5); });
  const absl::Status refused = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), "slot 3 ")) << refused;
}

TEST_F(SlotKeyStoreTest, RefusesAForeignFile) {
  store_.reset();
  for (const size_t size : {size_t{0}, size_t{100}, size_t{100'000}}) {
    disk_.Damage([size](std::string& bytes) { bytes.assign(size, 'x'); });
    EXPECT_TRUE(absl::IsFailedPrecondition(Open())) << size;
    EXPECT_EQ(disk_.bytes(), std::string(size, 'x'));
  }
}

TEST_F(SlotKeyStoreTest, OpensWithTheOlderMarkWhenTheNewerIsTorn) {
  ASSERT_EQ(store_->Checkpoint(Position(5)), absl::OkStatus());
  ASSERT_EQ(store_->Checkpoint(Position(9)), absl::OkStatus());
  store_.reset();
  disk_.Damage([](std::string& bytes) { bytes[MarkOffset(3) + 8] ^= 1; });  // serials began with 1
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_EQ(store_->recovery_mark(), Position(5));
}

TEST_F(SlotKeyStoreTest, RefusesAFileWithoutAMark) {
  store_.reset();
  disk_.Damage([](std::string& bytes) {
    bytes[MarkOffset(0)] ^= 1;
    bytes[MarkOffset(1)] ^= 1;
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(Open()));
}

// ---- Macs

TEST_F(SlotKeyStoreTest, MacsAreTheSameForEverAndDifferByEverythingTheyAreOf) {
  const Tag mac = store_->Mac(kWorkspace, "email", "ada@example.org");
  EXPECT_EQ(store_->Mac(kWorkspace, "email", "ada@example.org"), mac);
  EXPECT_NE(store_->Mac(kWorkspace, "email", "bob@example.org"), mac);
  EXPECT_NE(store_->Mac(kWorkspace, "request", "ada@example.org"), mac);
  EXPECT_NE(store_->Mac(WorkspaceId(2), "email", "ada@example.org"), mac);
  CutPowerAndOpen(Lose);
  EXPECT_EQ(store_->Mac(kWorkspace, "email", "ada@example.org"), mac);

  testing::SeededRandom other_random(2);
  EXPECT_NE(NewMemoryKeyStore(other_random)->Mac(kWorkspace, "email", "ada@example.org"), mac);
}

}  // namespace
}  // namespace kith::eventstore
