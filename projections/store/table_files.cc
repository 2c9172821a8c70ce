#include "projections/store/table_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {

TableFiles::TableFiles(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle)
    : database_(database), handle_(handle), options_(database.db->GetOptions(handle)) {}

TableFiles::~TableFiles() {
  writer_.reset();
  std::error_code ignored;
  for (const std::string& path : paths_) std::filesystem::remove(path, ignored);
}

absl::Status TableFiles::FileFor(const rocksdb::Slice& key) {
  if (writer_ != nullptr && writer_->FileSize() >= kTableFileBytes && key != last_key_) {
    KITH_RETURN_IF_ERROR(End());
  }
  last_key_.assign(key.data(), key.size());
  if (writer_ != nullptr) return absl::OkStatus();
  writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_, handle_,
                                                     /*invalidate_page_cache=*/false);
  paths_.push_back(absl::StrCat(database_.sorting_folder, "/", database_.next_file++, ".sst"));
  return ToStatus(writer_->Open(paths_.back()));
}

absl::Status TableFiles::Put(const rocksdb::Slice& key, const rocksdb::Slice& value) {
  KITH_RETURN_IF_ERROR(FileFor(key));
  return ToStatus(writer_->Put(key, value));
}

absl::Status TableFiles::Put(const rocksdb::Slice& key, const rocksdb::Slice& timestamp,
                             const rocksdb::Slice& value) {
  KITH_RETURN_IF_ERROR(FileFor(key));
  return ToStatus(writer_->Put(key, timestamp, value));
}

absl::Status TableFiles::Delete(const rocksdb::Slice& key, const rocksdb::Slice& timestamp) {
  KITH_RETURN_IF_ERROR(FileFor(key));
  return ToStatus(writer_->Delete(key, timestamp));
}

absl::Status TableFiles::End() {
  if (writer_ == nullptr) return absl::OkStatus();
  const absl::Status ended = ToStatus(writer_->Finish());
  writer_.reset();
  return ended;
}

absl::Status TableFiles::TakeIn(const std::vector<TableFiles*>& files) {
  std::vector<std::string> paths;
  for (const TableFiles* const of : files) {
    paths.insert(paths.end(), of->paths_.begin(), of->paths_.end());
  }
  if (paths.empty()) return absl::OkStatus();
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  const TableFiles& first = *files.front();
  return ToStatus(first.database_.db->IngestExternalFile(first.handle_, paths, options));
}

}  // namespace kith::projections
