#include "services/runtime/effects/smtp_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread_name.h"

namespace kith::runtime {
namespace {

// How long the thread waits where nothing wakes it.
constexpr int kPollMs = 1'000;
// The same where a mail waits for its domain's turn: its time is counted by the clock.
constexpr int kTurnPollMs = 20;
// Domains whose turns are remembered.
constexpr size_t kDomainsMax = 10'000;

std::string DomainOf(const std::string& address) {
  return absl::AsciiStrToLower(address.substr(address.rfind('@') + 1));
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// "550 5.1.1" of "550 5.1.1 <ada@example.com>: unknown": numbers only, as the rest may name the
// person. Empty where it is no reply.
std::string NumbersOf(absl::string_view reply) {
  constexpr size_t kCode = 3;
  if (reply.size() < kCode || !IsDigit(reply[0]) || !IsDigit(reply[1]) || !IsDigit(reply[2])) {
    return "";
  }
  std::string numbers(reply.substr(0, kCode));
  reply.remove_prefix(std::min(reply.size(), kCode + 1));
  constexpr size_t kEnhancedMax = 9;  // "5.123.123"
  size_t size = 0;
  while (size < reply.size() && (IsDigit(reply[size]) || reply[size] == '.')) ++size;
  const absl::string_view enhanced = reply.substr(0, size);
  if (size > 0 && size <= kEnhancedMax && std::count(enhanced.begin(), enhanced.end(), '.') == 2) {
    absl::StrAppend(&numbers, " ", enhanced);
  }
  return numbers;
}

// Once in a process; curl's own is not thread-safe.
void InitialiseCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  KITH_CHECK(code == CURLE_OK);
}

}  // namespace

class SmtpClient::Loop {
 public:
  Loop(const SmtpOptions& options, const Clock& clock) : options_(options), clock_(clock) {
    InitialiseCurl();
    multi_ = curl_multi_init();
    KITH_CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.in_flight_max));
    url_ = options.url;
    // The path of the address is what EHLO says: who we are.
    const size_t host = url_.find("://");
    if (host != url_.npos && url_.find('/', host + 3) == url_.npos) {
      absl::StrAppend(&url_, "/", DomainOf(options.from));
    }
    thread_ = std::thread([this] { Work(); });
  }
  ~Loop() {
    Stop();
    curl_multi_cleanup(multi_);
  }

  void Send(SmtpMail mail, Done done) KITH_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) {
        arrived_.push_back({std::move(mail), std::move(done)});
        curl_multi_wakeup(multi_);
        return;
      }
    }
    done({.end = SmtpResult::End::kStopped});
  }

  void Stop() KITH_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      curl_multi_wakeup(multi_);
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Waiting {
    SmtpMail mail;
    Done done;
  };
  // A mail on its way.
  struct Transfer {
    SmtpMail mail;
    Done done;
    CURL* easy = nullptr;
    curl_slist* recipients = nullptr;
    size_t sent = 0;
    bool is_about_mail = false;  // what the server answers is about the mail, not the connection
    bool is_ending = false;      // and now about nothing any more
    std::string reply;           // the last one, to what was said last
  };
  using Transfers = std::list<Transfer>;

  void Work() KITH_EXCLUDES(mutex_) {
    NameThisThread("kith-smtp");
    while (TakeArrived()) {
      const bool waits = BeginReady();
      int running = 0;
      curl_multi_perform(multi_, &running);
      EndDone();
      curl_multi_poll(multi_, nullptr, 0, waits ? kTurnPollMs : kPollMs, nullptr);
    }
    for (Waiting& one : waiting_) one.done({.end = SmtpResult::End::kStopped});
    waiting_.clear();
    while (!transfers_.empty()) End(transfers_.begin(), {.end = SmtpResult::End::kStopped});
  }

  // False where the client stops.
  bool TakeArrived() KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (Waiting& one : arrived_) waiting_.push_back(std::move(one));
    arrived_.clear();
    return !stopping_;
  }

  // Whether one waits for its domain's turn.
  bool BeginReady() {
    bool waits = false;
    const auto in_flight_max = static_cast<size_t>(options_.in_flight_max);
    for (auto one = waiting_.begin(); one != waiting_.end();) {
      if (transfers_.size() >= in_flight_max) return waits;
      if (!TakeTurn(DomainOf(one->mail.recipient))) {
        waits = true;
        ++one;
        continue;
      }
      Begin(std::move(*one));
      one = waiting_.erase(one);
    }
    return waits;
  }

  bool TakeTurn(const std::string& domain) {
    if (options_.per_second_per_domain <= 0) return true;
    const absl::Duration now = clock_.Elapsed();
    if (turns_.size() >= kDomainsMax) {
      absl::erase_if(turns_, [now](const auto& turn) { return turn.second <= now; });
    }
    absl::Duration& next = turns_[domain];
    if (next > now) return false;
    next = now + absl::Seconds(1) / options_.per_second_per_domain;
    return true;
  }

  void Begin(Waiting one) {
    Transfer& transfer = transfers_.emplace_back();
    transfer.mail = std::move(one.mail);
    transfer.done = std::move(one.done);
    transfer.easy = curl_easy_init();
    KITH_CHECK(transfer.easy != nullptr);
    transfer.recipients =
        curl_slist_append(nullptr, absl::StrCat("<", transfer.mail.recipient, ">").c_str());
    SetOptions(transfer);
    curl_multi_add_handle(multi_, transfer.easy);
  }

  void SetOptions(Transfer& transfer) {
    CURL* const easy = transfer.easy;
    const auto millis = [](absl::Duration d) {
      return static_cast<long>(absl::ToInt64Milliseconds(d));
    };
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, absl::StrCat("<", transfer.mail.sender, ">").c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer.recipients);
    curl_easy_setopt(
        easy, CURLOPT_USE_SSL,
        static_cast<long>(options_.tls == SmtpTls::kRequired ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
    if (!options_.user.empty()) {
      curl_easy_setopt(easy, CURLOPT_USERNAME, options_.user.c_str());
      curl_easy_setopt(easy, CURLOPT_PASSWORD, options_.password.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, millis(options_.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, millis(options_.timeout));
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     std::max(1L, static_cast<long>(absl::ToInt64Seconds(options_.timeout))));
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(transfer.mail.text.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Loop::Read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);  // for what is said, to Listen alone
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &Loop::Listen);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &transfer);
  }

  // Gives curl the next piece of the mail.
  static size_t Read(char* buffer, size_t size, size_t count, void* told) {
    auto& transfer = *static_cast<Transfer*>(told);
    const size_t piece = std::min(size * count, transfer.mail.text.size() - transfer.sent);
    std::memcpy(buffer, transfer.mail.text.data() + transfer.sent, piece);
    transfer.sent += piece;
    return piece;
  }

  // Hears what both sides say.
  static int Listen(CURL*, curl_infotype type, char* data, size_t size, void* told) {
    auto& transfer = *static_cast<Transfer*>(told);
    const absl::string_view said(data, size);
    if (transfer.is_ending) return 0;
    if (type == CURLINFO_HEADER_OUT) {
      transfer.is_ending = absl::StartsWithIgnoreCase(said, "QUIT");
      if (!transfer.is_ending) transfer.reply.clear();
      transfer.is_about_mail |= absl::StartsWithIgnoreCase(said, "MAIL FROM");
    } else if (type == CURLINFO_DATA_OUT) {
      transfer.reply.clear();
    } else if (type == CURLINFO_HEADER_IN) {
      if (std::string numbers = NumbersOf(said); !numbers.empty()) {
        transfer.reply = std::move(numbers);
      }
    }
    return 0;
  }

  void EndDone() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto ended = std::find_if(
          transfers_.begin(), transfers_.end(),
          [message](const Transfer& transfer) { return transfer.easy == message->easy_handle; });
      KITH_CHECK(ended != transfers_.end());
      SmtpResult result{.reply = ended->reply, .why = curl_easy_strerror(code)};
      if (code == CURLE_OK) {
        result.end = SmtpResult::End::kTaken;
      } else if (ended->is_about_mail && absl::StartsWith(ended->reply, "5")) {
        result.end = SmtpResult::End::kRejected;
      }
      End(ended, std::move(result));
    }
  }

  void End(Transfers::iterator transfer, SmtpResult result) {
    transfer->is_ending = true;
    curl_multi_remove_handle(multi_, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->recipients);
    Done done = std::move(transfer->done);
    transfers_.erase(transfer);
    done(std::move(result));
  }

  const SmtpOptions options_;
  const Clock& clock_;
  std::string url_;
  CURLM* multi_;
  Mutex mutex_;
  std::vector<Waiting> arrived_ KITH_GUARDED_BY(mutex_);
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  // The thread's own.
  std::deque<Waiting> waiting_;
  Transfers transfers_;
  absl::flat_hash_map<std::string, absl::Duration> turns_;  // of domains: when the next one is
  std::thread thread_;
};

SmtpClient::SmtpClient(const SmtpOptions& options, const Clock& clock)
    : loop_(std::make_unique<Loop>(options, clock)) {}
SmtpClient::~SmtpClient() { Stop(); }
void SmtpClient::Send(SmtpMail mail, Done done) { loop_->Send(std::move(mail), std::move(done)); }
void SmtpClient::Stop() { loop_->Stop(); }

}  // namespace kith::runtime
