#include "eventstore/seal/key_cache.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace kith::eventstore {
namespace {

using Fetched = absl::StatusOr<std::optional<SecretKey>>;

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kKeyBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

TEST(KeyCache, FetchesAKeyOnce) {
  KeyCache cache(KeyCache::kShards);
  int fetched = 0;
  for (int i = 0; i < 3; ++i) {
    const Fetched key = cache.Get(SlotNumber(5), [&]() -> Fetched {
      ++fetched;
      return KeyOf(5);
    });
    ASSERT_TRUE(key.ok() && key->has_value());
    EXPECT_EQ((*key)->view(), KeyOf(5).view());
  }
  EXPECT_EQ(fetched, 1);
}

TEST(KeyCache, KeepsNeitherErrorsNorAbsence) {
  KeyCache cache(KeyCache::kShards);
  EXPECT_FALSE(
      cache.Get(SlotNumber(5), []() -> Fetched { return absl::DataLossError("no"); }).ok());
  EXPECT_FALSE(cache.Get(SlotNumber(5), []() -> Fetched { return std::nullopt; })->has_value());
  EXPECT_TRUE(cache.Get(SlotNumber(5), []() -> Fetched { return KeyOf(5); })->has_value());
}

TEST(KeyCache, FetchesAgainWhatWasErasedOrMadeRoom) {
  KeyCache cache(KeyCache::kShards);  // one place a shard
  const SlotNumber slot(5);
  const SlotNumber same_place(5 + KeyCache::kShards);
  const auto fetches = [&](SlotNumber number) {
    bool fetched = false;
    cache
        .Get(number,
             [&]() -> Fetched {
               fetched = true;
               return KeyOf(static_cast<uint8_t>(number.value()));
             })
        .status()
        .IgnoreError();
    return fetched;
  };
  EXPECT_TRUE(fetches(slot));
  EXPECT_FALSE(fetches(slot));
  cache.Erase(same_place);  // not the one that is there
  EXPECT_FALSE(fetches(slot));
  cache.Erase(slot);
  EXPECT_TRUE(fetches(slot));
  EXPECT_TRUE(fetches(same_place));
  EXPECT_TRUE(fetches(slot));
}

}  // namespace
}  // namespace kith::eventstore
