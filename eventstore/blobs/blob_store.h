// BlobStore: what belongs to a person and is too large for an event, such as what is attached to a
// mail.
//
// In data/blobs, a file each, sealed under the key of its person: it is gone when that is
// destroyed, and its file is removed then. A blob is called by a keyed hash of whose it is and what
// it holds, so the same content of one person is kept once, and its name tells nobody what it is.
//
// An event names a blob, has a personal part of the same person, and claims the name (kBlobClaim).
// The blob is on disk before that event is appended, so what an event names is there. A blob that
// no event names, because the append failed or the process ended before it, is removed when the
// store is opened next: while the server runs nobody can tell whether its event is on its way.
// FORMAT.md, data/blobs.
//
// Thread-safe; every call touches the disk.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/event_log.h"
#include "eventstore/seal/key_store.h"

namespace kith::eventstore {

// The claim of a blob's name by the event that names it. Persisted inside the hashes of the log's
// tags.
inline constexpr absl::string_view kBlobClaim = "blob";
inline constexpr size_t kBlobBytesMax = 32 << 20;

struct BlobStoreOptions {
  std::string folder;
  // Of what one workspace puts on one day (UTC), as it is before it is sealed. About: what is put
  // last before a power cut may not be counted.
  int64_t bytes_a_day_max = int64_t{1} << 30;
  uint64_t min_free_bytes = 256 << 20;  // on the folder's disk; with less nothing is put
  // So long after it was put, as Clock::Elapsed, it is looked at whether an event names it.
  absl::Duration settle_after = absl::Minutes(10);
};

class BlobStore {
 public:
  // Makes the folder where it is not there; removes what no event names, and what is of people who
  // were erased. Borrows the rest, which outlives it. Unavailable where the disk fails.
  static absl::StatusOr<std::unique_ptr<BlobStore>> Open(const BlobStoreOptions& options,
                                                         KeyStore& keys, const EventLog& log,
                                                         const Clock& clock);

  // Keeps what belongs to the person, "contacts/01J…"; answers its name, 32 hexadecimal digits. On
  // disk when this returns. InvalidArgument beyond kBlobBytesMax; ResourceExhausted where the day,
  // or the disk, has no room for it; FailedPrecondition, beginning with "erased", where the
  // person's key was destroyed; Unavailable where the disk fails.
  absl::StatusOr<std::string> Put(WorkspaceId workspace, absl::string_view subject,
                                  absl::string_view content);
  // What was put; nullopt where the person was erased. DataLoss where it is not there, or is not
  // what was put.
  absl::StatusOr<std::optional<std::string>> Get(WorkspaceId workspace, absl::string_view subject,
                                                 absl::string_view name) const;

 private:
  struct Blob {
    WorkspaceId workspace;
    std::string subject;
    std::string name;
  };
  struct Arrived {
    Blob blob;
    absl::Duration when;
  };
  struct Day {
    std::string date;  // "2026-11-30"
    int64_t bytes = 0;
  };

  BlobStore(const BlobStoreOptions& options, KeyStore& keys, const EventLog& log,
            const Clock& clock);

  std::string NameOf(WorkspaceId workspace, absl::string_view subject,
                     absl::string_view content) const;
  std::string ArrivingPath(const Blob& blob) const;  // until it is known that an event names it
  std::string PersonFolder(WorkspaceId workspace, absl::string_view subject) const;
  std::string KeptPath(const Blob& blob) const;  // from then on

  // While it is opened.
  absl::Status MakeFolders() const;
  absl::Status SettleAll();
  absl::Status RemoveErased() const;

  absl::Status Write(const Blob& blob, absl::string_view content);
  absl::StatusOr<bool> IsNamed(const Blob& blob) const;
  absl::Status Settle(const Blob& blob) const;
  // Some that were put long enough ago, where an event names them.
  void SettleSome();
  absl::Status CheckDisk() const;
  // Of the day's room; less than nothing where it is given back.
  absl::Status TakeRoom(WorkspaceId workspace, int64_t bytes);
  Day ReadDay(WorkspaceId workspace) const;
  absl::Status WriteDay(WorkspaceId workspace, const Day& day) const;
  std::string DayPath(WorkspaceId workspace) const;
  void AddMetrics(MetricPage& page) const;

  const BlobStoreOptions options_;
  KeyStore& keys_;
  const EventLog& log_;
  const Clock& clock_;

  Mutex files_mutex_;  // held while a blob is written, one at a time; taken before mutex_
  Mutex mutex_;
  std::deque<Arrived> arrived_ KITH_GUARDED_BY(mutex_);  // the first one first
  absl::flat_hash_map<WorkspaceId, Day> days_ KITH_GUARDED_BY(mutex_);

  std::atomic<int64_t> put_{0};
  std::atomic<int64_t> put_bytes_{0};
  std::atomic<int64_t> orphans_{0};
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::eventstore
