#include "eventstore/rocksdb/file_record.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/checked_text.h"
#include "eventstore/rocksdb/cut_file.h"
#include "eventstore/rocksdb/rocks_status.h"

namespace kith::eventstore {
namespace {

constexpr absl::string_view kFirstLine = "kith log files 1";

absl::string_view NameOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

std::optional<uint64_t> NumberIn(absl::string_view digits) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(digits, &number)) return std::nullopt;
  return number;
}

bool DecodeLine(absl::string_view line, FileRecord& record) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  uint64_t number = 0;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &number)) return false;
  uint64_t bytes = 0;
  if (!absl::SimpleAtoi(words[2], &bytes)) return false;
  if (words[0] == "wal" && words.size() == 3) return record.wals.emplace(number, bytes).second;
  FileRecord::Manifest manifest{bytes};
  return words[0] == "manifest" && words.size() == 4 &&
         absl::SimpleHexAtoi(words[3], &manifest.crc) &&
         record.manifests.emplace(number, manifest).second;
}

}  // namespace

absl::Status DamagedLog(absl::string_view folder, absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat(folder, " is damaged (", why,
                   "): restore the data directory from a backup, all of it; nothing was changed"));
}

std::string EncodeFileRecord(const FileRecord& record) {
  std::string body = absl::StrCat(kFirstLine, "\n");
  for (const auto& [number, manifest] : record.manifests) {
    absl::StrAppend(&body, "manifest ", number, " ", manifest.bytes, " ",
                    absl::Hex(manifest.crc, absl::kZeroPad8), "\n");
  }
  for (const auto& [number, bytes] : record.wals) {
    absl::StrAppend(&body, "wal ", number, " ", bytes, "\n");
  }
  return WithCheckLine(body);
}

std::optional<FileRecord> DecodeFileRecord(absl::string_view text) {
  const std::optional<std::string> body = TakeCheckLine(text);
  if (!body.has_value()) return std::nullopt;
  std::vector<absl::string_view> lines = absl::StrSplit(*body, '\n');
  lines.pop_back();  // nothing, behind the last newline
  if (lines.empty() || lines[0] != kFirstLine) return std::nullopt;
  FileRecord record;
  for (size_t i = 1; i < lines.size(); ++i) {
    if (!DecodeLine(lines[i], record)) return std::nullopt;
  }
  return record;
}

std::string ManifestName(uint64_t number) { return absl::StrFormat("MANIFEST-%06u", number); }

std::optional<uint64_t> ManifestNumber(absl::string_view path) {
  absl::string_view name = NameOf(path);
  if (!absl::ConsumePrefix(&name, "MANIFEST-")) return std::nullopt;
  return NumberIn(name);
}

std::optional<uint64_t> WalNumber(absl::string_view path) {
  absl::string_view name = NameOf(path);
  if (!absl::ConsumeSuffix(&name, ".log")) return std::nullopt;
  return NumberIn(name);
}

absl::StatusOr<std::optional<FileRecord>> ReadFileRecord(rocksdb::Env* env,
                                                         const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kFileRecordName);
  const rocksdb::Status exists = env->FileExists(path);
  if (exists.IsNotFound()) return std::nullopt;
  std::string text;
  KITH_RETURN_IF_ERROR(FromRocks(rocksdb::ReadFileToString(env, path, &text), "reading the log"));
  std::optional<FileRecord> record = DecodeFileRecord(text);
  if (!record.has_value()) {
    return absl::DataLossError(
        absl::StrCat(path,
                     " is damaged: restore the whole data directory from a backup; or, where "
                     "nothing else is damaged, delete this file; nothing was changed"));
  }
  return record;
}

rocksdb::IOStatus WriteFileRecord(rocksdb::FileSystem& files, const std::string& folder,
                                  const FileRecord& record) {
  const std::string path = absl::StrCat(folder, "/", kFileRecordName);
  const std::string fresh = absl::StrCat(path, ".new");
  const rocksdb::IOOptions options;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status =
      files.NewWritableFile(fresh, rocksdb::FileOptions(), &file, /*dbg=*/nullptr);
  if (status.ok()) status = file->Append(EncodeFileRecord(record), options, nullptr);
  if (status.ok()) status = file->Sync(options, nullptr);
  if (status.ok()) status = file->Close(options, nullptr);
  if (status.ok()) status = files.RenameFile(fresh, path, options, nullptr);
  std::unique_ptr<rocksdb::FSDirectory> directory;
  if (status.ok()) status = files.NewDirectory(folder, options, &directory, nullptr);
  if (status.ok()) status = directory->Fsync(options, nullptr);
  return status;
}

absl::StatusOr<CheckedManifest> CheckManifest(rocksdb::Env* env, const std::string& folder,
                                              const FileRecord& record) {
  std::string current;
  KITH_RETURN_IF_ERROR(
      FromRocks(rocksdb::ReadFileToString(env, absl::StrCat(folder, "/CURRENT"), &current),
                "reading the log"));
  const auto number = ManifestNumber(absl::StripSuffix(current, "\n"));
  const auto noted = record.manifests.find(number.value_or(0));
  if (number.has_value() && !record.manifests.empty() &&
      *number > record.manifests.rbegin()->first) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, "/", kFileRecordName, " does not know ", ManifestName(*number),
        ": another program has written to the log since. If that was an older Kith, delete this "
        "file, and the log is checked without it; nothing was changed"));
  }
  if (noted == record.manifests.end()) {
    return DamagedLog(folder, "the file CURRENT names no manifest that was written");
  }
  const std::string name = ManifestName(*number);
  const std::string path = absl::StrCat(folder, "/", name);
  if (env->FileExists(path).IsNotFound()) {
    return DamagedLog(folder, absl::StrCat(name, " is missing"));
  }
  std::string content;
  KITH_RETURN_IF_ERROR(
      FromRocks(rocksdb::ReadFileToString(env, path, &content), "reading the log"));
  const auto& [bytes, crc] = noted->second;
  if (content.size() < bytes) {
    return DamagedLog(folder, absl::StrCat(name, " has ", content.size(), " bytes, and ", bytes,
                                           " were written"));
  }
  if (Crc32c(absl::string_view(content).substr(0, bytes)) != crc) {
    return DamagedLog(folder, absl::StrCat(name, " is not as it was written"));
  }
  return CheckedManifest{path, bytes, content.size()};
}

absl::Status CutTornManifest(const CheckedManifest& manifest) {
  if (manifest.bytes == manifest.noted_bytes) return absl::OkStatus();
  return CutFile(manifest.path, manifest.noted_bytes, "an edit that nothing was done upon");
}

std::optional<std::string> LostWal(rocksdb::Env* env, const std::string& folder,
                                   const FileRecord& record) {
  for (const auto& [number, bytes] : record.wals) {
    const std::string name = absl::StrFormat("%06u.log", number);
    uint64_t size = 0;
    if (!env->GetFileSize(absl::StrCat(folder, "/", name), &size).ok()) {
      return absl::StrCat(name, " is missing");
    }
    if (size < bytes) {
      return absl::StrCat(name, " has ", size, " bytes, and ", bytes, " were written");
    }
  }
  return std::nullopt;
}

}  // namespace kith::eventstore
