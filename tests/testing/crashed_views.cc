#include "tests/testing/crashed_views.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "projections/store/versioned_store.h"

namespace kith::testing {
namespace {

using projections::IndexChanges;
using projections::IndexSpan;
using projections::VersionedStore;

std::unique_ptr<VersionedStore> OpenStore(const std::string& path) {
  auto store = VersionedStore::Open({.path = path});
  KITH_CHECK(store.ok());
  return *std::move(store);
}

// What a family holds, as the changes that make it so of an empty one.
IndexChanges EntriesOf(const projections::IndexFamily& family) {
  IndexChanges entries;
  for (const bool closed : {true, false}) {  // an entry that is there now may have been before
    const absl::Status scanned = family.ScanSpans([&](const IndexSpan& span) {
      if (span.to.has_value() != closed) return true;
      entries.Add(span.kind, span.entry, span.from);
      if (closed) entries.Remove(span.kind, span.entry, *span.to);
      return true;
    });
    KITH_CHECK(scanned.ok());
  }
  return entries;
}

}  // namespace

void TakeIndexEntries(const std::string& from, const std::string& to, absl::string_view family) {
  const std::string name = absl::StrCat(family, projections::kIndexSuffix);
  IndexChanges entries;
  Position checkpoint;
  {
    const auto store = OpenStore(from);
    const auto index = store->OpenOrCreateIndex(name);
    KITH_CHECK(index.ok());
    checkpoint = *(*index)->Checkpoint();
    entries = EntriesOf(**index);
  }
  const auto store = OpenStore(to);
  KITH_CHECK(store->Drop(name).ok());
  const auto index = store->OpenOrCreateIndex(name);
  KITH_CHECK(index.ok() && (*index)->Write(entries, checkpoint).ok());
  KITH_CHECK((*index)->Flush(/*wait=*/true).ok());
}

}  // namespace kith::testing
