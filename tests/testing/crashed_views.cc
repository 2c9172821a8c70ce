#include "tests/testing/crashed_views.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "projections/tables/versioned_store.h"

namespace kith::testing {
namespace {

using projections::CurrentChanges;
using projections::VersionedStore;

std::unique_ptr<VersionedStore> OpenStore(const std::string& path) {
  auto store = VersionedStore::Open({.path = path});
  KITH_CHECK(store.ok());
  return *std::move(store);
}

}  // namespace

void TakeCurrentEntries(const std::string& from, const std::string& to, absl::string_view family) {
  const std::string name = absl::StrCat(family, projections::kCurrentSuffix);
  CurrentChanges entries;
  Position checkpoint;
  {
    const auto store = OpenStore(from);
    const auto current = store->OpenOrCreateCurrent(name);
    KITH_CHECK(current.ok());
    checkpoint = *(*current)->Checkpoint();
    const absl::Status scanned = (*current)->Scan({"\1", ""}, [&](absl::string_view entry) {
      entries.Add(entry);
      return true;
    });
    KITH_CHECK(scanned.ok());
  }
  const auto store = OpenStore(to);
  KITH_CHECK(store->Drop(name).ok());
  const auto current = store->OpenOrCreateCurrent(name);
  KITH_CHECK(current.ok() && (*current)->Write(entries, checkpoint).ok());
  KITH_CHECK((*current)->Flush(/*wait=*/true).ok());
}

}  // namespace kith::testing
