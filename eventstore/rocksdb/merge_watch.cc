#include "eventstore/rocksdb/merge_watch.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kith::eventstore {
namespace {

// The file that the error names, or all that were merged.
std::string FilesOf(const rocksdb::CompactionJobInfo& merge) {
  const std::string error = merge.status.ToString();
  std::string all;
  for (const std::string& path : merge.input_files) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (absl::StrContains(error, name)) return name;
    absl::StrAppend(&all, all.empty() ? "" : ", ", name);
  }
  return all;
}

}  // namespace

void MergeWatch::OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& merge) {
  if (merge.status.IsCorruption()) met_({merge.cf_id, FilesOf(merge), merge.status});
}

void MergeWatch::OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) {
  if (!error->IsCorruption()) return;
  if (reason != rocksdb::BackgroundErrorReason::kCompaction) {
    met_({std::nullopt, "", *error});
  } else if (writes_ == Writes::kGoOn) {
    *error = rocksdb::Status::OK();  // it is tried again, until the family is dropped
  }
}

}  // namespace kith::eventstore
