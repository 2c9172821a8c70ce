#include "eventstore/rocksdb/rocks_database.h"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/keys.h"
#include "eventstore/rocksdb/durable_mark.h"
#include "eventstore/rocksdb/event_files.h"
#include "eventstore/rocksdb/families.h"
#include "eventstore/rocksdb/recording_files.h"
#include "eventstore/rocksdb/rocks_status.h"
#include "eventstore/rocksdb/wal_end.h"
#include "rocksdb/env.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;

rocksdb::Env* EnvOf(const RocksEngineOptions& options) {
  return options.env != nullptr ? options.env : rocksdb::Env::Default();
}

absl::Status Foreign(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is not a log of this Kith (", why,
                   "): point --data at another directory, or use the Kith "
                   "that wrote it; nothing was changed"));
}

// Does something while no other process can have the database open. RocksDB takes this lock too,
// but only after it has touched other files.
absl::Status WithLock(rocksdb::Env* env, const std::string& path,
                      absl::FunctionRef<absl::Status()> work) {
  rocksdb::FileLock* lock = nullptr;
  KITH_RETURN_IF_ERROR(FromLock(env->LockFile(absl::StrCat(path, "/LOCK"), &lock), path));
  const absl::Status status = work();
  env->UnlockFile(lock);
  return status;
}

std::set<std::string> ExpectedFamilies() {
  std::set<std::string> names(std::begin(kTableNames), std::end(kTableNames));
  names.insert(rocksdb::kDefaultColumnFamilyName);
  return names;
}

absl::Status SyncFolder(rocksdb::Env* env, const std::string& path) {
  std::unique_ptr<rocksdb::Directory> folder;
  KITH_RETURN_IF_ERROR(FromRocks(env->NewDirectory(path, &folder), path));
  return FromRocks(folder->Fsync(), path);
}

// Makes the folder and those above it that are missing.
absl::Status MakeFolders(rocksdb::Env* env, const fs::path& path) {
  std::error_code error;
  if (path.empty() || fs::exists(path, error)) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(MakeFolders(env, path.parent_path()));
  const rocksdb::Status made = env->CreateDirIfMissing(path.string());
  return made.ok() ? absl::OkStatus() : CannotWrite(made, path.string());
}

// Puts the names of the folder and of all above it on disk: any of them may have been made just
// now, by whoever. One above its parent that may not be opened was there before, as were those
// above it.
absl::Status SyncNames(rocksdb::Env* env, const std::string& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error).lexically_normal().parent_path();
  KITH_RETURN_IF_ERROR(SyncFolder(env, folder.string()));
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    std::unique_ptr<rocksdb::Directory> parent;
    if (!env->NewDirectory(folder.string(), &parent).ok()) break;
    KITH_RETURN_IF_ERROR(FromRocks(parent->Fsync(), folder.string()));
  }
  return absl::OkStatus();
}

// Reads the log and counts its events, with nothing changed.
absl::StatusOr<Position> CountWithoutWriting(const rocksdb::DBOptions& db_options,
                                             const std::string& path) {
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(db_options, path, LogFamilies(nullptr), &families, &opened);
  if (status.IsCorruption()) return DamagedLog(path, status.ToString());
  KITH_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("cannot open ", path)));
  const std::unique_ptr<rocksdb::DB> db(opened);
  const absl::StatusOr<Position> last =
      CountEvents(*db, families[static_cast<size_t>(Table::kEvents)]);
  for (rocksdb::ColumnFamilyHandle* family : families) db->DestroyColumnFamilyHandle(family);
  if (absl::IsDataLoss(last.status())) return DamagedLog(path, last.status().message());
  return last;
}

// What stood in a write-ahead log that is gone can be told from what is left.
absl::Status CheckWals(const rocksdb::DBOptions& db_options, const std::string& data_dir,
                       const std::string& path, const FileRecord& record) {
  const std::optional<std::string> lost = LostWal(db_options.env, path, record);
  if (!lost.has_value()) return absl::OkStatus();
  const absl::StatusOr<Position> last = CountWithoutWriting(db_options, path);
  if (!last.ok()) return DamagedLog(path, *lost);
  const absl::StatusOr<Position> mark = ReadDurableMark(MarkPath(data_dir), "");
  const uint64_t first = last->Next().value();
  const std::string positions = mark.ok() && *mark > *last
                                    ? absl::StrCat("positions ", first, " to ", mark->value())
                                    : absl::StrCat("positions from ", first, " on");
  return DamagedLog(path, absl::StrCat(*lost, ": ", positions, " are missing"));
}

}  // namespace

absl::StatusOr<bool> InspectLog(const RocksEngineOptions& options, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  if (!fs::is_directory(path, error)) return Foreign(path, "it is no directory");
  if (fs::is_empty(path, error)) return false;
  if (error)
    return absl::UnavailableError(absl::StrCat("cannot read ", path, ": ", error.message()));
  if (!fs::exists(path + "/CURRENT", error)) {
    const bool ours = fs::exists(path + "/LOCK", error);
    return ours ? DamagedLog(path, "the file CURRENT is missing")
                : Foreign(path, "it holds other files");
  }
  KITH_RETURN_IF_ERROR(WithLock(EnvOf(options), path, [&]() -> absl::Status {
    KITH_ASSIGN_OR_RETURN(const auto record, ReadFileRecord(EnvOf(options), path));
    if (!record.has_value()) return absl::OkStatus();
    KITH_ASSIGN_OR_RETURN(const CheckedManifest manifest,
                          CheckManifest(EnvOf(options), path, *record));
    return CutTornManifest(manifest);
  }));
  std::vector<std::string> names;
  const rocksdb::DBOptions db_options = LogDatabaseOptions(options, path, nullptr);
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(db_options, path, &names);
  if (!listed.ok()) return DamagedLog(path, listed.ToString());
  if (std::set<std::string>(names.begin(), names.end()) != ExpectedFamilies()) {
    return Foreign(path, "its column families are others");
  }
  return true;
}

absl::Status CreateLog(const RocksEngineOptions& options, const std::string& path, Random& random) {
  rocksdb::Env* env = EnvOf(options);
  const std::string fresh = absl::StrCat(path, ".new");
  KITH_RETURN_IF_ERROR(MakeFolders(env, options.data_dir));
  std::error_code error;
  fs::remove_all(fresh, error);  // of a creation that was interrupted: it was never in use
  if (error)
    return absl::UnavailableError(
        absl::StrCat("cannot write to ", options.data_dir, ": ", error.message(),
                     ": give the directory and the files in it to this user"));
  // RocksDB would make it too, and report as an error that it was not there.
  KITH_RETURN_IF_ERROR(MakeFolders(env, fresh));
  {
    rocksdb::DBOptions db_options = LogDatabaseOptions(options, path, nullptr);
    db_options.create_if_missing = true;
    db_options.create_missing_column_families = true;
    KITH_ASSIGN_OR_RETURN(const auto database,
                          RocksDatabase::OpenWith(db_options, fresh, nullptr, FileRecord()));
    rocksdb::WriteBatch batch;
    rocksdb::ColumnFamilyHandle* meta = database->family(Table::kMeta);
    std::string format;
    std::string epoch;
    PutVarint(kLogFormat, &format);
    PutVarint(0, &epoch);
    batch.Put(meta, kMetaFormat, format);
    batch.Put(meta, kMetaStore, random.Bytes(kStoreIdBytes));
    batch.Put(meta, kMetaEpoch, epoch);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    KITH_RETURN_IF_ERROR(FromRocks(database->db().Write(synced, &batch), fresh));
  }
  KITH_RETURN_IF_ERROR(SyncFolder(env, fresh));
  return FromRocks(env->RenameFile(fresh, path), absl::StrCat("creating ", path));
}

absl::StatusOr<std::unique_ptr<RocksDatabase>> RocksDatabase::Open(
    const RocksEngineOptions& options, const std::string& path,
    const std::shared_ptr<rocksdb::Cache>& cache,
    const std::shared_ptr<rocksdb::WriteBufferManager>& memtables,
    const std::shared_ptr<rocksdb::EventListener>& watch) {
  rocksdb::Env* env = EnvOf(options);
  // Also when the log is old: the process that created it may have got no further.
  KITH_RETURN_IF_ERROR(SyncNames(env, path));
  rocksdb::DBOptions db_options = LogDatabaseOptions(options, path, memtables);
  db_options.listeners.push_back(watch);
  std::optional<FileRecord> record;
  KITH_RETURN_IF_ERROR(WithLock(env, path, [&]() -> absl::Status {
    KITH_ASSIGN_OR_RETURN(record, ReadFileRecord(env, path));
    if (record.has_value()) {
      KITH_RETURN_IF_ERROR(CheckManifest(env, path, *record).status());
      KITH_RETURN_IF_ERROR(CheckWals(db_options, options.data_dir, path, *record));
    } else {
      KITH_RETURN_IF_ERROR(CountWithoutWriting(db_options, path).status());
    }
    return CutTornWalEnd(env, path, record);
  }));
  KITH_ASSIGN_OR_RETURN(auto database,
                        OpenWith(db_options, path, cache, record.value_or(FileRecord())));
  const absl::Status counted =
      CountEvents(database->db(), database->family(Table::kEvents)).status();
  if (!counted.ok()) {
    return absl::Status(counted.code(), absl::StrCat(path, ": ", counted.message(),
                                                     "; restore the data directory from a backup, "
                                                     "all of it"));
  }
  for (rocksdb::ColumnFamilyHandle* family : database->families_) {
    MergeSmallFiles(database->db(), family);
  }
  return database;
}

absl::StatusOr<std::unique_ptr<RocksDatabase>> RocksDatabase::OpenWith(
    rocksdb::DBOptions db_options, const std::string& path,
    const std::shared_ptr<rocksdb::Cache>& cache, const FileRecord& record) {
  std::unique_ptr<RocksDatabase> database(new RocksDatabase());
  database->env_ = NewEnvWithFiles(
      db_options.env,
      std::make_shared<RecordingFiles>(db_options.env->GetFileSystem(), path, record));
  db_options.env = database->env_.get();
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened =
      rocksdb::DB::Open(db_options, path, LogFamilies(cache), &handles, &db);
  if (opened.IsCorruption()) return DamagedLog(path, opened.ToString());
  if (!opened.ok()) return FromRocks(opened, absl::StrCat("cannot open ", path));
  database->db_.reset(db);
  KITH_CHECK(handles.size() == database->families_.size());
  std::copy(handles.begin(), handles.end(), database->families_.begin());
  return database;
}

RocksDatabase::~RocksDatabase() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  (void)db_->Close();  // everything acknowledged is synced; an error here loses nothing
}

}  // namespace kith::eventstore
