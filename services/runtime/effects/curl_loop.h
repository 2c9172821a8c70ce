// CurlLoop: the thread that moves the bytes of one kind of effect, over libcurl: what is to be
// transferred waits for its turn, is on its way, and is told how it ended. Its headers are for this
// room only.
#pragma once

#include <curl/curl.h>

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

// One transfer. Every call but the destructor is made on the loop's thread, or on that of whoever
// starts it once the loop has stopped; Tell comes once, last.
class CurlTransfer {
 public:
  virtual ~CurlTransfer() = default;
  // Its turn has come. What it sets stays valid until Tell.
  virtual void Prepare(CURL* easy) = 0;
  // Curl has ended it so; it may still call back while it closes.
  virtual void End(CURL* easy, CURLcode code) = 0;
  // The loop stops: in place of End, also where it never began.
  virtual void Abandon() = 0;
  virtual void Tell() = 0;
};

// Thread-safe.
class CurlLoop {
 public:
  struct Options {
    std::string thread_name;
    size_t in_flight_max = 1;
    // Whether it may begin now; where it may, it has taken its turn. On the loop's thread.
    std::function<bool(CurlTransfer&)> take_turn;
  };

  explicit CurlLoop(Options options);
  ~CurlLoop();  // Stop

  void Start(std::unique_ptr<CurlTransfer> transfer) KITH_EXCLUDES(mutex_);
  // Abandons what is on its way and what waits, and takes nothing further. May be called twice.
  void Stop() KITH_EXCLUDES(mutex_);

 private:
  struct Running {
    std::unique_ptr<CurlTransfer> transfer;
    CURL* easy;
  };

  void Work() KITH_EXCLUDES(mutex_);
  bool TakeArrived() KITH_EXCLUDES(mutex_);
  bool BeginReady();
  bool EndDone();
  void Close(std::list<Running>::iterator one);

  const Options options_;
  CURLM* multi_;
  Mutex mutex_;
  std::vector<std::unique_ptr<CurlTransfer>> arrived_ KITH_GUARDED_BY(mutex_);
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  // The thread's own.
  std::deque<std::unique_ptr<CurlTransfer>> waiting_;
  std::list<Running> running_;
  std::thread thread_;
};

}  // namespace kith::runtime
