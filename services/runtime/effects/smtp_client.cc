#include "services/runtime/effects/smtp_client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/smtp_reply.h"
#include "services/runtime/effects/curl_loop.h"

namespace kith::runtime {
namespace {

// Domains whose turns are remembered.
constexpr size_t kDomainsMax = 10'000;

std::string DomainOf(const std::string& address) {
  return absl::AsciiStrToLower(address.substr(address.rfind('@') + 1));
}

// A mail on its way, or waiting for its turn.
class MailTransfer final : public CurlTransfer {
 public:
  // Borrows what it is told, until its end.
  MailTransfer(const SmtpOptions& options, const std::string& url, SmtpMail mail,
               SmtpClient::Done done)
      : options_(options), url_(url), mail_(std::move(mail)), done_(std::move(done)) {}
  ~MailTransfer() override { curl_slist_free_all(recipients_); }

  const SmtpMail& mail() const { return mail_; }

  void Prepare(CURL* easy) override;
  void End(CURL* easy, CURLcode code) override;
  void Abandon() override {
    is_ending_ = true;
    result_ = {.end = SmtpResult::End::kStopped};
  }
  void Tell() override { done_(std::move(result_)); }

 private:
  // Gives curl the next piece of the mail.
  static size_t Read(char* buffer, size_t size, size_t count, void* told);
  // Hears what both sides say.
  static int Listen(CURL*, curl_infotype type, char* data, size_t size, void* told);

  const SmtpOptions& options_;
  const std::string& url_;
  const SmtpMail mail_;
  SmtpClient::Done done_;
  curl_slist* recipients_ = nullptr;
  size_t sent_ = 0;
  bool is_about_mail_ = false;  // what the server answers is about the mail, not the connection
  bool is_ending_ = false;      // and now about nothing any more
  std::string reply_;           // the last one, to what was said last
  SmtpResult result_;
};

void MailTransfer::Prepare(CURL* easy) {
  recipients_ = curl_slist_append(nullptr, absl::StrCat("<", mail_.recipient, ">").c_str());
  const auto millis = [](absl::Duration d) {
    return static_cast<long>(absl::ToInt64Milliseconds(d));
  };
  curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, absl::StrCat("<", mail_.sender, ">").c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients_);
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
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.text.size()));
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &MailTransfer::Read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);  // for what is said, to Listen alone
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &MailTransfer::Listen);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, this);
}

void MailTransfer::End(CURL*, CURLcode code) {
  is_ending_ = true;
  result_ = {.reply = reply_, .why = curl_easy_strerror(code)};
  if (code == CURLE_OK) {
    result_.end = SmtpResult::End::kTaken;
  } else if (is_about_mail_ && absl::StartsWith(reply_, "5")) {
    result_.end = SmtpResult::End::kRejected;
  }
}

size_t MailTransfer::Read(char* buffer, size_t size, size_t count, void* told) {
  auto& transfer = *static_cast<MailTransfer*>(told);
  const std::string& text = transfer.mail_.text;
  const size_t piece = std::min(size * count, text.size() - transfer.sent_);
  std::memcpy(buffer, text.data() + transfer.sent_, piece);
  transfer.sent_ += piece;
  return piece;
}

int MailTransfer::Listen(CURL*, curl_infotype type, char* data, size_t size, void* told) {
  auto& transfer = *static_cast<MailTransfer*>(told);
  const absl::string_view said(data, size);
  if (transfer.is_ending_) return 0;
  if (type == CURLINFO_HEADER_OUT) {
    transfer.is_ending_ = absl::StartsWithIgnoreCase(said, "QUIT");
    if (!transfer.is_ending_) transfer.reply_.clear();
    transfer.is_about_mail_ |= absl::StartsWithIgnoreCase(said, "MAIL FROM");
  } else if (type == CURLINFO_DATA_OUT) {
    transfer.reply_.clear();
  } else if (type == CURLINFO_HEADER_IN) {
    if (std::string numbers = SmtpReplyNumbers(said); !numbers.empty()) {
      transfer.reply_ = std::move(numbers);
    }
  }
  return 0;
}

// The path of the address is what EHLO says: who we are.
std::string UrlOf(const SmtpOptions& options) {
  const size_t host = options.url.find("://");
  if (host == options.url.npos || options.url.find('/', host + 3) != options.url.npos) {
    return options.url;
  }
  return absl::StrCat(options.url, "/", DomainOf(options.from));
}

}  // namespace

class SmtpClient::Queue {
 public:
  Queue(const SmtpOptions& options, const Clock& clock)
      : options_(options),
        clock_(clock),
        url_(UrlOf(options)),
        loop_({.thread_name = "kith-smtp",
               .in_flight_max = static_cast<size_t>(options.in_flight_max),
               .take_turn = [this](CurlTransfer& transfer) {
                 return TakeTurn(
                     DomainOf(static_cast<const MailTransfer&>(transfer).mail().recipient));
               }}) {}

  void Send(SmtpMail mail, Done done) {
    loop_.Start(std::make_unique<MailTransfer>(options_, url_, std::move(mail), std::move(done)));
  }
  void Stop() { loop_.Stop(); }

 private:
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

  const SmtpOptions options_;
  const Clock& clock_;
  const std::string url_;
  absl::flat_hash_map<std::string, absl::Duration> turns_;  // of domains: when the next one is
  CurlLoop loop_;  // whose thread it is that the turns are of
};

SmtpClient::SmtpClient(const SmtpOptions& options, const Clock& clock)
    : queue_(std::make_unique<Queue>(options, clock)) {}
SmtpClient::~SmtpClient() { Stop(); }
void SmtpClient::Send(SmtpMail mail, Done done) { queue_->Send(std::move(mail), std::move(done)); }
void SmtpClient::Stop() { queue_->Stop(); }

}  // namespace kith::runtime
