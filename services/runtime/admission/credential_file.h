// CredentialFile: a file of the operator's that says whom to let in, parsed, and read again when it
// changes: it is looked at once a second at most, by whoever asks. What cannot be used is not
// taken: the last reading stays, and the log and the metrics say so.
//
// Owned by the server. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/log.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/admission/watched_files.h"

namespace kith::runtime {

template <class Parsed>
class CredentialFile {
 public:
  using Parse = absl::StatusOr<Parsed> (*)(const std::string& text);

  // `name` is what metrics call it. Borrows the clock. InvalidArgument, naming the file, where it
  // cannot be used.
  static absl::StatusOr<std::unique_ptr<CredentialFile>> Open(absl::string_view name,
                                                              const std::string& path, Parse parse,
                                                              const Clock& clock) {
    auto file = std::unique_ptr<CredentialFile>(new CredentialFile(name, path, parse, clock));
    MutexLock lock(file->mutex_);
    file->watched_.Changed();
    KITH_ASSIGN_OR_RETURN(file->parsed_, file->Read());
    return file;
  }

  // Never null.
  std::shared_ptr<const Parsed> Current() KITH_EXCLUDES(mutex_) {
    LookAgain();
    MutexLock lock(mutex_);
    return parsed_;
  }
  // Rises when Current answers something new. Costs two loads, but once a second.
  uint64_t generation() KITH_EXCLUDES(mutex_) {
    LookAgain();
    return generation_.load(std::memory_order_acquire);
  }

 private:
  CredentialFile(absl::string_view name, const std::string& path, Parse parse, const Clock& clock)
      : name_(name), parse_(parse), clock_(clock), watched_({path}) {}

  absl::StatusOr<std::shared_ptr<const Parsed>> Read() const KITH_REQUIRES(mutex_) {
    KITH_ASSIGN_OR_RETURN(const std::string text, watched_.Read(0));
    absl::StatusOr<Parsed> parsed = parse_(text);
    if (parsed.ok()) return std::make_shared<const Parsed>(*std::move(parsed));
    return absl::InvalidArgumentError(
        absl::StrCat(watched_.path(0), " cannot be used: ", parsed.status().message()));
  }

  void LookAgain() KITH_EXCLUDES(mutex_) {
    const int64_t now = absl::ToInt64Milliseconds(clock_.Elapsed());
    int64_t looked = looked_ms_.load(std::memory_order_relaxed);
    if (now - looked < kLookMs || !looked_ms_.compare_exchange_strong(looked, now)) return;
    MutexLock lock(mutex_);
    if (!watched_.Changed()) return;
    auto read = Read();
    is_current_ = read.ok();
    if (!read.ok()) {
      Log(LogLevel::kError,
          "a file of credentials changed and cannot be used: the one before stays",
          {{"error", read.status().message()}});
      return;
    }
    parsed_ = *std::move(read);
    generation_.fetch_add(1, std::memory_order_release);
    Log(LogLevel::kInfo, "a file of credentials changed, and counts now", {{"file", name_}});
  }

  static constexpr int64_t kLookMs = 1'000;

  const std::string name_;
  const Parse parse_;
  const Clock& clock_;
  std::atomic<int64_t> looked_ms_ = -kLookMs;
  std::atomic<uint64_t> generation_ = 0;
  Mutex mutex_;
  WatchedFiles watched_ KITH_GUARDED_BY(mutex_);
  std::shared_ptr<const Parsed> parsed_ KITH_GUARDED_BY(mutex_);
  bool is_current_ KITH_GUARDED_BY(mutex_) = true;
  const MetricSource metrics_{[this](MetricPage& page) {
    LookAgain();
    MutexLock lock(mutex_);
    page.Gauge("kith_credential_file_current",
               "1: what stands in the file (jwks, client_keys) is what is used.",
               is_current_ ? 1 : 0, {{"file", name_}});
  }};
};

}  // namespace kith::runtime
