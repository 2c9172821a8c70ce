#include "services/runtime/effects/curl_loop.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/thread_name.h"

namespace kith::runtime {
namespace {

// How long the thread waits where nothing wakes it.
constexpr int kPollMs = 1'000;
// The same where something waits for its turn: that may come by the clock.
constexpr int kTurnPollMs = 20;

// Once in a process; curl's own is not thread-safe.
void InitialiseCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  KITH_CHECK(code == CURLE_OK);
}

}  // namespace

CurlLoop::CurlLoop(Options options) : options_(std::move(options)) {
  InitialiseCurl();
  multi_ = curl_multi_init();
  KITH_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.in_flight_max));
  thread_ = std::thread([this] { Work(); });
}

CurlLoop::~CurlLoop() {
  Stop();
  curl_multi_cleanup(multi_);
}

void CurlLoop::Start(std::unique_ptr<CurlTransfer> transfer) {
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      arrived_.push_back(std::move(transfer));
      curl_multi_wakeup(multi_);
      return;
    }
  }
  transfer->Abandon();
  transfer->Tell();
}

void CurlLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    curl_multi_wakeup(multi_);
  }
  if (thread_.joinable()) thread_.join();
}

void CurlLoop::Work() {
  NameThisThread(options_.thread_name.c_str());
  while (TakeArrived()) {
    const bool waits = BeginReady();
    int running = 0;
    curl_multi_perform(multi_, &running);
    // What ended makes room for what waits.
    if (EndDone()) continue;
    curl_multi_poll(multi_, nullptr, 0, waits ? kTurnPollMs : kPollMs, nullptr);
  }
  for (const auto& one : waiting_) {
    one->Abandon();
    one->Tell();
  }
  waiting_.clear();
  while (!running_.empty()) {
    running_.front().transfer->Abandon();
    Close(running_.begin());
  }
}

// False where the loop stops.
bool CurlLoop::TakeArrived() {
  MutexLock lock(mutex_);
  for (auto& one : arrived_) waiting_.push_back(std::move(one));
  arrived_.clear();
  return !stopping_;
}

// Whether one waits for its turn.
bool CurlLoop::BeginReady() {
  bool waits = false;
  for (auto one = waiting_.begin(); one != waiting_.end();) {
    if (running_.size() >= options_.in_flight_max) return waits;
    if (!options_.take_turn(**one)) {
      waits = true;
      ++one;
      continue;
    }
    CURL* const easy = curl_easy_init();
    KITH_CHECK(easy != nullptr);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Whoever stops does not wait for a name server that does not answer.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (*one)->Prepare(easy);
    curl_multi_add_handle(multi_, easy);
    running_.push_back({std::move(*one), easy});
    one = waiting_.erase(one);
  }
  return waits;
}

// Whether one ended.
bool CurlLoop::EndDone() {
  bool has_ended = false;
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    const auto ended =
        std::find_if(running_.begin(), running_.end(),
                     [message](const Running& one) { return one.easy == message->easy_handle; });
    KITH_CHECK(ended != running_.end());
    ended->transfer->End(ended->easy, code);
    Close(ended);
    has_ended = true;
  }
  return has_ended;
}

void CurlLoop::Close(std::list<Running>::iterator one) {
  curl_multi_remove_handle(multi_, one->easy);
  curl_easy_cleanup(one->easy);
  const std::unique_ptr<CurlTransfer> transfer = std::move(one->transfer);
  running_.erase(one);
  transfer->Tell();
}

}  // namespace kith::runtime
