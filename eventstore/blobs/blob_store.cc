#include "eventstore/blobs/blob_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/blobs/blob_file.h"
#include "eventstore/seal/key_file.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;

// What names are hashed for. Persisted in them.
constexpr absl::string_view kNamePurpose = "blob.content";
constexpr size_t kSettledAtOnce = 2;

std::string HexOf(const Tag& tag) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(tag.data()), tag.size()));
}

// A resource name as a part of a file's: "contacts:01J…". No name has a colon.
std::string FlatName(absl::string_view name) {
  KITH_CHECK(!name.empty() && name[0] != '.' && name.find(':') == name.npos);
  return absl::StrReplaceAll(name, {{"/", ":"}});
}
std::string NameOfFlat(absl::string_view flat) { return absl::StrReplaceAll(flat, {{":", "/"}}); }

absl::Status Failed(absl::string_view what, const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(path, ": cannot ", what, ": ", error.message(), "."));
}

// The names of what stands in a folder; none where there is no such folder.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Failed("be listed", folder, error);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  // What is there and is no file is read at no later time, either.
  std::error_code ignored;
  const fs::file_status there = fs::status(path, ignored);
  if (fs::exists(there) && !fs::is_regular_file(there)) {
    return absl::DataLossError(absl::StrCat(path, " is no blob."));
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<KeyFile> file, OpenKeyFile(path));
  KITH_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > BlobFileBytesMax()) return absl::DataLossError(absl::StrCat(path, " is no blob."));
  return file->Read(0, static_cast<size_t>(size));
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

}  // namespace

BlobStore::BlobStore(const BlobStoreOptions& options, KeyStore& keys, const EventLog& log,
                     const Clock& clock)
    : options_(options), keys_(keys), log_(log), clock_(clock) {}

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(const BlobStoreOptions& options,
                                                           KeyStore& keys, const EventLog& log,
                                                           const Clock& clock) {
  std::unique_ptr<BlobStore> store(new BlobStore(options, keys, log, clock));
  KITH_RETURN_IF_ERROR(store->MakeFolders());
  KITH_RETURN_IF_ERROR(store->SettleAll());
  KITH_RETURN_IF_ERROR(store->RemoveErased());
  return store;
}

absl::StatusOr<std::string> BlobStore::Put(WorkspaceId workspace, absl::string_view subject,
                                           absl::string_view content) {
  if (content.size() > kBlobBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a blob has at most ", kBlobBytesMax,
                                                   " bytes, and this one ", content.size()));
  }
  const Blob blob{workspace, std::string(subject), NameOf(workspace, subject, content)};
  KITH_RETURN_IF_ERROR(Write(blob, content));
  SettleSome();
  return blob.name;
}

absl::StatusOr<std::optional<std::string>> BlobStore::Get(WorkspaceId workspace,
                                                          absl::string_view subject,
                                                          absl::string_view name) const {
  const Blob blob{workspace, std::string(subject), std::string(name)};
  if (keys_.IsDestroyed(workspace, subject)) {
    std::error_code ignored;  // it is removed when the store is opened, where it cannot be now
    fs::remove_all(PersonFolder(workspace, subject), ignored);
    fs::remove(ArrivingPath(blob), ignored);
    return std::nullopt;
  }
  absl::StatusOr<std::string> bytes = ReadAll(KeptPath(blob));
  if (absl::IsNotFound(bytes.status())) bytes = ReadAll(ArrivingPath(blob));
  // It may have been moved in between.
  if (absl::IsNotFound(bytes.status())) bytes = ReadAll(KeptPath(blob));
  if (absl::IsNotFound(bytes.status())) {
    return absl::DataLossError(absl::StrCat("There is no blob ", name, " of ", subject, "."));
  }
  KITH_RETURN_IF_ERROR(bytes.status());
  std::optional<SealedPart> sealed = DecodeBlobFile(*bytes, subject);
  if (!sealed.has_value()) {
    return absl::DataLossError(absl::StrCat("The blob ", name, " of ", subject, " is damaged."));
  }
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> content, keys_.Unseal(workspace, *sealed));
  if (content.has_value() && NameOf(workspace, subject, *content) != name) {
    return absl::DataLossError(absl::StrCat("The blob ", name, " of ", subject, " is another."));
  }
  return content;
}

std::string BlobStore::NameOf(WorkspaceId workspace, absl::string_view subject,
                              absl::string_view content) const {
  const Sha256Hash hash = Sha256::Of(content);
  std::string value(subject);
  value += '\0';
  value.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  return HexOf(keys_.Mac(workspace, kNamePurpose, value));
}

std::string BlobStore::ArrivingPath(const Blob& blob) const {
  return absl::StrCat(options_.folder, "/arriving/", blob.workspace.value(), ":",
                      FlatName(blob.subject), ":", blob.name);
}

std::string BlobStore::PersonFolder(WorkspaceId workspace, absl::string_view subject) const {
  return absl::StrCat(options_.folder, "/kept/", workspace.value(), "/", FlatName(subject));
}

std::string BlobStore::KeptPath(const Blob& blob) const {
  return absl::StrCat(PersonFolder(blob.workspace, blob.subject), "/", blob.name);
}

// ---- Opening

absl::Status BlobStore::MakeFolders() const {
  for (const char* const part : {"", "/arriving", "/kept", "/days"}) {
    const std::string path = options_.folder + part;
    std::error_code error;
    fs::create_directory(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
    if (error) return Failed("make it", path, error);
  }
  // Or what is synced within them would be lost with them.
  KITH_RETURN_IF_ERROR(SyncFolderOf(options_.folder + "/arriving"));
  return SyncFolderOf(options_.folder);
}

absl::Status BlobStore::SettleAll() {
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                        NamesIn(options_.folder + "/arriving"));
  for (const std::string& file : files) {
    // "1:contacts:01J…:3f0c…"; what is called otherwise was not finished.
    const size_t first = file.find(':');
    const size_t last = file.rfind(':');
    uint32_t workspace = 0;
    if (first < last && absl::SimpleAtoi(file.substr(0, first), &workspace) &&
        file.find('.', last) == std::string::npos) {
      const Blob blob{WorkspaceId(workspace),
                      NameOfFlat(absl::string_view(file).substr(first + 1, last - first - 1)),
                      file.substr(last + 1)};
      KITH_ASSIGN_OR_RETURN(const bool is_named, IsNamed(blob));
      if (is_named) {
        KITH_RETURN_IF_ERROR(Settle(blob));
        continue;
      }
    }
    const std::string path = absl::StrCat(options_.folder, "/arriving/", file);
    std::error_code error;
    fs::remove(path, error);
    if (error) return Failed("remove it", path, error);
    orphans_.fetch_add(1, std::memory_order_relaxed);
  }
  if (const int64_t count = orphans_.load(); count > 0) {
    Log(LogLevel::kInfo, "blobs that no event names were removed", {}, {{"count", count}});
  }
  return absl::OkStatus();
}

absl::Status BlobStore::RemoveErased() const {
  if (!keys_.AnyDestroyed()) return absl::OkStatus();
  const std::string kept = options_.folder + "/kept";
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> workspaces, NamesIn(kept));
  for (const std::string& workspace : workspaces) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(workspace, &number)) continue;
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> people,
                          NamesIn(absl::StrCat(kept, "/", workspace)));
    for (const std::string& person : people) {
      if (!keys_.IsDestroyed(WorkspaceId(number), NameOfFlat(person))) continue;
      const std::string path = absl::StrCat(kept, "/", workspace, "/", person);
      std::error_code error;
      fs::remove_all(path, error);
      if (error) return Failed("remove it", path, error);
    }
  }
  return absl::OkStatus();
}

// ---- Putting

absl::Status BlobStore::Write(const Blob& blob, absl::string_view content) {
  MutexLock lock(files_mutex_);
  for (const std::string& path : {KeptPath(blob), ArrivingPath(blob)}) {
    std::error_code error;
    if (fs::exists(path, error)) return absl::OkStatus();
    if (error) return Failed("look at it", path, error);
  }
  KITH_RETURN_IF_ERROR(CheckDisk());
  const auto bytes = static_cast<int64_t>(content.size());
  KITH_RETURN_IF_ERROR(TakeRoom(blob.workspace, bytes));
  const absl::Status written = [&]() -> absl::Status {
    KITH_ASSIGN_OR_RETURN(
        const SealedPart sealed,
        keys_.Seal(blob.workspace, {blob.subject, std::string(content)}, ReadTier::kDisk));
    return CreateKeyFile(ArrivingPath(blob), EncodeBlobFile(sealed));
  }();
  if (!written.ok()) {
    (void)TakeRoom(blob.workspace, -bytes);
    return written;
  }
  put_.fetch_add(1, std::memory_order_relaxed);
  put_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  MutexLock arrived_lock(mutex_);
  arrived_.push_back({blob, clock_.Elapsed()});
  return absl::OkStatus();
}

absl::StatusOr<bool> BlobStore::IsNamed(const Blob& blob) const {
  const auto cursor =
      log_.ReadTag(blob.workspace, keys_.Mac(blob.workspace, kBlobClaim, blob.name), Position());
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const Record> record, cursor->Next());
  return record != nullptr;
}

absl::Status BlobStore::Settle(const Blob& blob) const {
  const std::string folder = PersonFolder(blob.workspace, blob.subject);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Failed("make it", folder, error);
  const std::string path = ArrivingPath(blob);
  // Not synced: where that is lost, it is moved again.
  fs::rename(path, KeptPath(blob), error);
  return error ? Failed("move it", path, error) : absl::OkStatus();
}

void BlobStore::SettleSome() {
  const absl::Duration now = clock_.Elapsed();
  for (size_t i = 0; i < kSettledAtOnce; ++i) {
    std::optional<Blob> blob;
    {
      MutexLock lock(mutex_);
      if (arrived_.empty() || now - arrived_.front().when < options_.settle_after) return;
      blob = std::move(arrived_.front().blob);
      arrived_.pop_front();
    }
    // What is not moved now is when the store is opened.
    const absl::StatusOr<bool> is_named = IsNamed(*blob);
    if (!is_named.ok() || !*is_named) continue;
    if (const absl::Status settled = Settle(*blob); !settled.ok()) {
      Log(LogLevel::kWarning, "a blob was not moved", {{"why", settled.message()}});
    }
  }
}

absl::Status BlobStore::CheckDisk() const {
  std::error_code error;
  const fs::space_info space = fs::space(options_.folder, error);
  if (error) return Failed("look at its disk", options_.folder, error);
  if (space.available >= options_.min_free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError("the disk has no room for blobs");
}

absl::Status BlobStore::TakeRoom(WorkspaceId workspace, int64_t bytes) {
  const std::string today = DateOf(clock_.Now());
  MutexLock lock(mutex_);
  const auto [found, is_new] = days_.try_emplace(workspace);
  Day& day = found->second;
  if (is_new) day = ReadDay(workspace);
  if (day.date != today) day = {today, 0};
  if (bytes > options_.bytes_a_day_max - day.bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the workspace's blobs of ", today, " have ",
                                                     day.bytes, " bytes of at most ",
                                                     options_.bytes_a_day_max));
  }
  day.bytes = std::max<int64_t>(0, day.bytes + bytes);
  const absl::Status written = WriteDay(workspace, day);
  if (!written.ok()) Log(LogLevel::kWarning, "blobs are not counted", {{"why", written.message()}});
  return absl::OkStatus();
}

// "2026-11-30 00000000001048576"
BlobStore::Day BlobStore::ReadDay(WorkspaceId workspace) const {
  const absl::StatusOr<std::string> text = ReadAll(DayPath(workspace));
  const std::vector<std::string> words = absl::StrSplit(text.value_or(""), ' ');
  Day day;
  if (words.size() == 2 && absl::SimpleAtoi(words[1], &day.bytes)) day.date = words[0];
  return day;
}

// In place and not synced: it is a bound, and no account.
absl::Status BlobStore::WriteDay(WorkspaceId workspace, const Day& day) const {
  const std::string text = absl::StrFormat("%s %017d", day.date, day.bytes);
  const auto file = OpenKeyFile(DayPath(workspace));
  if (absl::IsNotFound(file.status())) return CreateKeyFile(DayPath(workspace), text);
  KITH_RETURN_IF_ERROR(file.status());
  return (*file)->Write(0, text);
}

std::string BlobStore::DayPath(WorkspaceId workspace) const {
  return absl::StrCat(options_.folder, "/days/", workspace.value());
}

void BlobStore::AddMetrics(MetricPage& page) const {
  page.Counter("kith_blobs_total", "Blobs that were written.",
               static_cast<double>(put_.load(std::memory_order_relaxed)), {});
  page.Counter("kith_blob_bytes_total", "Their bytes, as they are before they are sealed.",
               static_cast<double>(put_bytes_.load(std::memory_order_relaxed)), {});
  page.Counter("kith_blob_orphans_total", "Blobs removed at the start, as no event named them.",
               static_cast<double>(orphans_.load(std::memory_order_relaxed)), {});
}

}  // namespace kith::eventstore
