#include "services/runtime/effects/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/version.h"
#include "services/runtime/effects/curl_loop.h"

namespace kith::runtime {
namespace {

// What is said without TLS, everybody on the way reads.
bool MayConnect(const AddressGuard& guard, const std::string& url, const sockaddr& address) {
  const bool is_plain = absl::StartsWithIgnoreCase(url, "http:");
  return is_plain ? guard.IsAllowed(address) : guard.MayReach(address);
}

// As curl reads it: of "https://2130706433/" it is "127.0.0.1". Without the brackets of IPv6; empty
// where that is no URL.
std::string HostOf(const std::string& url) {
  CURLU* const parts = curl_url();
  char* found = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
    curl_url_get(parts, CURLUPART_HOST, &found, 0);
  }
  absl::string_view host = found == nullptr ? "" : found;
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  std::string bare(host);
  curl_free(found);
  curl_url_cleanup(parts);
  return bare;
}

// A post on its way, or waiting for its turn.
class PostTransfer final : public CurlTransfer {
 public:
  // Borrows what it is told, until its end.
  PostTransfer(const HttpOptions& options, const AddressGuard& guard, HttpPost post,
               HttpClient::Done done)
      : options_(options), guard_(guard), post_(std::move(post)), done_(std::move(done)) {}
  ~PostTransfer() override { curl_slist_free_all(headers_); }

  void Prepare(CURL* easy) override;
  void End(CURL* easy, CURLcode code) override;
  void Abandon() override { result_ = {.end = HttpResult::End::kStopped}; }
  void Tell() override { done_(std::move(result_)); }

 private:
  static curl_socket_t Open(void* told, curlsocktype purpose, curl_sockaddr* address);
  static size_t Take(char* data, size_t size, size_t count, void* told);

  const HttpOptions& options_;
  const AddressGuard& guard_;
  const HttpPost post_;
  HttpClient::Done done_;
  curl_slist* headers_ = nullptr;
  bool was_refused_ = false;  // an address that may not be reached
  bool was_opened_ = false;   // another that may
  HttpResult result_;
};

void PostTransfer::Prepare(CURL* easy) {
  for (const std::string& header : post_.headers) {
    headers_ = curl_slist_append(headers_, header.c_str());
  }
  headers_ = curl_slist_append(headers_, "Expect:");  // nobody is asked before the body is sent
  const auto millis = [](absl::Duration d) {
    return static_cast<long>(absl::ToInt64Milliseconds(d));
  };
  curl_easy_setopt(easy, CURLOPT_URL, post_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, absl::StrCat("Kith/", Version()).c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post_.body.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post_.body.size()));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, millis(options_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, millis(options_.timeout));
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &PostTransfer::Open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &PostTransfer::Take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void PostTransfer::End(CURL* easy, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  result_.status = static_cast<int>(status);
  // What answers longer than is read has answered.
  result_.is_cut = code == CURLE_WRITE_ERROR && result_.answer.size() >= options_.answer_bytes_max;
  if (code == CURLE_OK || result_.is_cut) {
    result_.end = HttpResult::End::kAnswered;
    return;
  }
  result_.status = 0;
  if (was_refused_ && !was_opened_) {
    result_.end = HttpResult::End::kRefused;
    result_.why = "the address may not be reached";
    return;
  }
  result_.why = curl_easy_strerror(code);
}

// The address is what the connection goes to, whatever its name came to before.
curl_socket_t PostTransfer::Open(void* told, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<PostTransfer*>(told);
  if (!MayConnect(transfer.guard_, transfer.post_.url, address->addr)) {
    transfer.was_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  transfer.was_opened_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// To take less than there is ends the transfer.
size_t PostTransfer::Take(char* data, size_t size, size_t count, void* told) {
  auto& transfer = *static_cast<PostTransfer*>(told);
  std::string& answer = transfer.result_.answer;
  const size_t room = transfer.options_.answer_bytes_max - answer.size();
  const size_t taken = std::min(size * count, room);
  answer.append(data, taken);
  return taken;
}

}  // namespace

bool MayPostTo(const AddressGuard& guard, const std::string& url) {
  const std::string host = HostOf(url);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return MayConnect(guard, url, reinterpret_cast<const sockaddr&>(v4));
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    return MayConnect(guard, url, reinterpret_cast<const sockaddr&>(v6));
  }
  return true;
}

class HttpClient::Queue {
 public:
  explicit Queue(const HttpOptions& options)
      : options_(options),
        guard_(options.allowed),
        loop_({.thread_name = "kith-http",
               .in_flight_max = options.in_flight_max,
               .take_turn = [](CurlTransfer&) { return true; }}) {}

  void Send(HttpPost post, Done done) {
    loop_.Start(std::make_unique<PostTransfer>(options_, guard_, std::move(post), std::move(done)));
  }
  void Stop() { loop_.Stop(); }

 private:
  const HttpOptions options_;
  const AddressGuard guard_;
  CurlLoop loop_;
};

HttpClient::HttpClient(const HttpOptions& options) : queue_(std::make_unique<Queue>(options)) {}
HttpClient::~HttpClient() { Stop(); }
void HttpClient::Send(HttpPost post, Done done) { queue_->Send(std::move(post), std::move(done)); }
void HttpClient::Stop() { queue_->Stop(); }

}  // namespace kith::runtime
