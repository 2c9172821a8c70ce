// CapturedLog: the lines that Kith logs while the object lives, for tests. One at a time in a
// process; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/log.h"
#include "eventstore/base/mutex.h"

namespace kith::testing {

class CapturedLog {
 public:
  explicit CapturedLog(LogLevel lowest = LogLevel::kDebug) { SetLogSink(lines_, lowest); }
  ~CapturedLog() { SetLogSink(nullptr, LogLevel::kOff); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<LogLine> lines() const { return lines_->All(); }
  // Waits until there is a line that contains `part`, and returns the first.
  std::string Await(absl::string_view part) const { return lines_->Await(part); }

 private:
  class Lines final : public LogSink {
   public:
    void Take(LogLine line) override {
      MutexLock lock(mutex_);
      lines_.push_back(std::move(line));
      more_.NotifyAll();
    }
    std::vector<LogLine> All() {
      MutexLock lock(mutex_);
      return lines_;
    }
    std::string Await(absl::string_view part) {
      MutexLock lock(mutex_);
      for (size_t i = 0;; ++i) {
        while (i == lines_.size()) more_.Wait(mutex_);
        if (absl::StrContains(lines_[i].json, part)) return lines_[i].json;
      }
    }

   private:
    Mutex mutex_;
    CondVar more_;
    std::vector<LogLine> lines_ KITH_GUARDED_BY(mutex_);
  };

  const std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

}  // namespace kith::testing
