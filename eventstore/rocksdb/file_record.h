// FileRecord: which files of the log's database must be there, and how long its manifest is, kept
// beside them in `kith.files`.
//
// RocksDB takes a manifest that lost its end for an older one that is whole, and then deletes the
// files that this one does not name; and it does not miss its newest write-ahead log. So every edit
// of a manifest and every write-ahead log in use is noted outside of both, and compared before
// RocksDB may open the database. Pure values, but for the functions that say so. FORMAT.md,
// kith.files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace kith::eventstore {

inline constexpr char kFileRecordName[] = "kith.files";

// DataLoss that says what is wrong with the log in `folder`, and what to do.
absl::Status DamagedLog(absl::string_view folder, absl::string_view why);

struct FileRecord {
  // What a manifest begins with, and at least has. More of it may have reached the disk.
  struct Manifest {
    uint64_t bytes = 0;
    uint32_t crc = 0;  // CRC-32C of these bytes
    friend bool operator==(const Manifest&, const Manifest&) = default;
  };
  std::map<uint64_t, Manifest> manifests;  // by the number of the file
  // Write-ahead logs that hold acknowledged events, by number: how many bytes of them are known to
  // be on disk. Exact once the log is closed.
  std::map<uint64_t, uint64_t> wals;
  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

std::string EncodeFileRecord(const FileRecord& record);
// Nullopt when the text is damaged.
std::optional<FileRecord> DecodeFileRecord(absl::string_view text);

std::string ManifestName(uint64_t number);
// The number in "MANIFEST-000012" or "000013.log", with any folder before it; nullopt for others.
std::optional<uint64_t> ManifestNumber(absl::string_view path);
std::optional<uint64_t> WalNumber(absl::string_view path);

// The record in the database's folder; nullopt when there is none, as in a log of an older Kith.
// DataLoss when it is damaged. Reads only.
absl::StatusOr<std::optional<FileRecord>> ReadFileRecord(rocksdb::Env* env,
                                                         const std::string& folder);
// Replaces it; on disk when this returns.
rocksdb::IOStatus WriteFileRecord(rocksdb::FileSystem& files, const std::string& folder,
                                  const FileRecord& record);

// A manifest that begins as the record says.
struct CheckedManifest {
  std::string path;
  uint64_t noted_bytes = 0;  // that the record knows
  uint64_t bytes = 0;        // that it has
};

// The manifest that CURRENT names. DataLoss when it does not begin as the record says. Reads only.
absl::StatusOr<CheckedManifest> CheckManifest(rocksdb::Env* env, const std::string& folder,
                                              const FileRecord& record);
// Cuts off what the manifest has beyond what the record knows, and logs how much that was. It is an
// edit that RocksDB has not acted on, and a power cut may have left some pages of it and others
// not, which RocksDB takes for damage. Doing it twice, or losing it in another power cut, does no
// harm. Unavailable when the file cannot be cut. The caller holds the database's lock since
// CheckManifest.
absl::Status CutTornManifest(const CheckedManifest& manifest);
// What is wrong with the first write-ahead log of the record that is not there, or is shorter than
// it was: "000013.log is missing". Nullopt when none is. Reads only.
std::optional<std::string> LostWal(rocksdb::Env* env, const std::string& folder,
                                   const FileRecord& record);

}  // namespace kith::eventstore
