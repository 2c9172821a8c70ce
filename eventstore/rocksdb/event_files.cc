#include "eventstore/rocksdb/event_files.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/keys.h"
#include "eventstore/rocksdb/rocks_status.h"
#include "rocksdb/iterator.h"
#include "rocksdb/metadata.h"
#include "rocksdb/table_properties.h"

namespace kith::eventstore {
namespace {

constexpr uint64_t kSmallBytes = 4 << 20;
// So many small files beside one another are left alone, and so many merged at a time.
constexpr size_t kSmallFilesMin = 8;
constexpr size_t kSmallFilesMax = 32;

// The positions that a file has, or the memtables.
struct Stretch {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t count = 0;
};

absl::string_view ToView(const rocksdb::Slice& slice) {
  return absl::string_view(slice.data(), slice.size());
}

absl::StatusOr<std::vector<Stretch>> StretchesOfFiles(rocksdb::DB& db,
                                                      rocksdb::ColumnFamilyHandle* events) {
  rocksdb::ColumnFamilyMetaData family;
  db.GetColumnFamilyMetaData(events, &family);
  rocksdb::TablePropertiesCollection properties;
  KITH_RETURN_IF_ERROR(
      FromRocks(db.GetPropertiesOfAllTables(events, &properties), "reading the log"));
  std::vector<Stretch> stretches;
  for (const rocksdb::LevelMetaData& level : family.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      const auto found = properties.find(absl::StrCat(file.db_path, file.name));
      if (found == properties.end()) continue;  // then its events are missing below
      stretches.push_back({NumberOfKey(file.smallestkey).value_or(0),
                           NumberOfKey(file.largestkey).value_or(0), found->second->num_entries});
    }
  }
  std::sort(stretches.begin(), stretches.end(),
            [](const Stretch& a, const Stretch& b) { return a.first < b.first; });
  return stretches;
}

absl::StatusOr<uint64_t> LastPosition(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* events) {
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions(), events));
  at->SeekToLast();
  KITH_RETURN_IF_ERROR(FromRocks(at->status(), "reading the log"));
  return at->Valid() ? NumberOfKey(ToView(at->key())).value_or(0) : 0;
}

uint64_t EntriesInMemory(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* events) {
  uint64_t active = 0;
  uint64_t flushing = 0;
  db.GetIntProperty(events, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &active);
  db.GetIntProperty(events, rocksdb::DB::Properties::kNumEntriesImmMemTables, &flushing);
  return active + flushing;
}

absl::Status Missing(uint64_t first, uint64_t last) {
  return absl::DataLossError(
      absl::StrCat("of the events at positions ", first, " to ", last, " not all are there"));
}

std::vector<std::string> NamesOf(const std::vector<const rocksdb::SstFileMetaData*>& files) {
  std::vector<std::string> names;
  for (const auto* file : files) names.push_back(file->name);
  return names;
}

rocksdb::CompactionOptions AsTheFamilySays() {
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kDisableCompressionOption;  // none of its own, that is
  return options;
}

}  // namespace

absl::StatusOr<Position> CountEvents(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* events) {
  KITH_ASSIGN_OR_RETURN(std::vector<Stretch> stretches, StretchesOfFiles(db, events));
  KITH_ASSIGN_OR_RETURN(const uint64_t last, LastPosition(db, events));
  const uint64_t in_files = stretches.empty() ? 0 : stretches.back().last;
  if (const uint64_t count = EntriesInMemory(db, events); count > 0 || in_files < last) {
    stretches.push_back({in_files + 1, last, count});
  }
  uint64_t reached = 0;
  for (const Stretch& stretch : stretches) {
    if (stretch.first != reached + 1) return Missing(reached + 1, stretch.first - 1);
    if (stretch.count != stretch.last - reached) return Missing(stretch.first, stretch.last);
    reached = stretch.last;
  }
  return Position(reached);
}

void MergeSmallFiles(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
  rocksdb::ColumnFamilyMetaData metadata;
  db.GetColumnFamilyMetaData(family, &metadata);
  for (const rocksdb::LevelMetaData& level : metadata.levels) {
    if (level.level == 0) continue;  // those are merged, or moved down, once they are four
    std::vector<const rocksdb::SstFileMetaData*> files;
    for (const rocksdb::SstFileMetaData& file : level.files) files.push_back(&file);
    std::sort(files.begin(), files.end(),
              [](const auto* a, const auto* b) { return a->smallestkey < b->smallestkey; });
    std::vector<const rocksdb::SstFileMetaData*> run;
    const auto merge = [&] {
      if (run.size() >= kSmallFilesMin) {
        db.CompactFiles(AsTheFamilySays(), family, NamesOf(run), level.level)
            .PermitUncheckedError();
      }
      run.clear();
    };
    for (const auto* file : files) {
      if (file->size >= kSmallBytes || run.size() == kSmallFilesMax) merge();
      if (file->size < kSmallBytes) run.push_back(file);
    }
    merge();
  }
}

}  // namespace kith::eventstore
