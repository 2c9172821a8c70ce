// GetContact or CaptureInteraction over HTTP, or posts to the page of a form, as fast as the server
// answers: so many connections that are kept, each with one call in flight, and one thread that
// waits for all of them. What `kith bench get` and `kith bench capture` are to gRPC.
//
//   http_load ADDRESS KEY json|proto CONNECTIONS CONTACTS WARM_UP SECONDS
//   http_load ADDRESS KEY capture CONNECTIONS CONTACTS WARM_UP SECONDS
//   http_load ADDRESS PATH form CONNECTIONS TEXT_BYTES WARM_UP SECONDS
//
// ADDRESS is "host:port", or "https://host:port", whose certificate is taken whatever it is.
// Prints {"per_second": …, "p99_ms": …, "response_bytes": …}. The contacts are the first ones that
// the server lists; of captures, which are JSON with 300 bytes of text, so many of those that `kith
// bench` has made, told by their addresses. A form has the fields email and message; each post has
// an address of its own.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "kith/contacts/v1/contacts_service.pb.h"

namespace kith {
namespace {

using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;

constexpr int kPageSize = 500;
constexpr size_t kSubjectBytes = 30;
constexpr size_t kBodyBytes = 270;

class Connection {
 public:
  explicit Connection(absl::string_view address) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const bool tls = absl::ConsumePrefix(&address, "https://");
    const std::vector<std::string> parts = absl::StrSplit(address, ':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::atoi(parts.at(1).c_str())));
    KITH_CHECK(inet_pton(AF_INET, parts[0].c_str(), &to.sin_addr) == 1);
    KITH_CHECK(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (!tls) return;
    static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    KITH_CHECK(SSL_connect(ssl_) == 1);
  }
  ~Connection() {
    SSL_free(ssl_);
    close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int descriptor() const { return socket_; }
  void Send(const std::string& request) {
    const ssize_t sent = ssl_ == nullptr
                             ? send(socket_, request.data(), request.size(), MSG_NOSIGNAL)
                             : SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    KITH_CHECK(sent == static_cast<ssize_t>(request.size()));
    came_.clear();
    sent_ = SystemClock().Elapsed();
  }
  // Reads what is there; whether the answer is there then.
  bool Read() {
    char bytes[16'384];
    do {
      const ssize_t read = ssl_ == nullptr ? recv(socket_, bytes, sizeof(bytes), 0)
                                           : SSL_read(ssl_, bytes, sizeof(bytes));
      KITH_CHECK(read > 0);
      came_.append(bytes, static_cast<size_t>(read));
    } while (ssl_ != nullptr && SSL_pending(ssl_) > 0);
    const size_t head = came_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    static constexpr absl::string_view kLength = "content-length: ";
    const size_t length = came_.find(kLength.data());
    KITH_CHECK(absl::StartsWith(came_, "HTTP/1.1 200") && length < head);
    begin_ = head + 4;
    return came_.size() >= begin_ + std::strtoul(&came_[length + kLength.size()], nullptr, 10);
  }
  std::string body() const { return came_.substr(begin_); }
  absl::Duration took() const { return SystemClock().Elapsed() - sent_; }

 private:
  const int socket_;
  SSL* ssl_ = nullptr;  // null: no TLS
  std::string came_;
  size_t begin_ = 0;
  absl::Duration sent_;
};

std::string Post(absl::string_view method, const std::string& key, absl::string_view encoding,
                 absl::string_view body) {
  return absl::StrCat("POST /kith.", method, " HTTP/1.1\r\nhost: kith\r\nauthorization: Bearer ",
                      key, "\r\ncontent-type: application/", encoding,
                      "\r\ncontent-length: ", body.size(), "\r\n\r\n", body);
}

// A request for each of so many contacts.
std::vector<std::string> Requests(const std::string& address, const std::string& key,
                                  const std::string& encoding, size_t contacts) {
  Connection connection(address);
  std::vector<std::string> requests;
  ListContactsRequest list;
  list.set_page_size(kPageSize);
  while (requests.size() < contacts) {
    connection.Send(
        Post("contacts.v1.ContactsService/ListContacts", key, "proto", list.SerializeAsString()));
    while (!connection.Read()) {
    }
    ListContactsResponse page;
    KITH_CHECK(page.ParseFromString(connection.body()) && page.contacts_size() > 0);
    for (const auto& contact : page.contacts()) {
      GetContactRequest get;
      get.set_name(contact.name());
      requests.push_back(Post("contacts.v1.ContactsService/GetContact", key, encoding,
                              encoding == "proto"
                                  ? get.SerializeAsString()
                                  : absl::StrCat("{\"name\":\"", contact.name(), "\"}")));
    }
    list.set_page_token(page.next_page_token());
    if (page.next_page_token().empty()) break;
  }
  return requests;
}

// The request of each number: of as many posts as are wanted, or of contacts by turns.
std::function<std::string(size_t)> RequestsOf(const std::vector<std::string>& words) {
  const size_t count = std::strtoul(words[4].c_str(), nullptr, 10);
  if (words[2] == "form") {
    const std::string text(count, 'x');
    // Another run writes as others.
    const std::string run = absl::StrCat(absl::ToUnixMicros(SystemClock().Now()));
    return [path = words[1], text, run](size_t number) {
      const std::string body =
          absl::StrCat("email=", number, "%40", run, ".example&message=", text);
      return absl::StrCat("POST ", path,
                          " HTTP/1.1\r\nhost: kith\r\ncontent-type: "
                          "application/x-www-form-urlencoded\r\ncontent-length: ",
                          body.size(), "\r\n\r\n", body);
    };
  }
  if (words[2] == "capture") {
    return [key = words[1], count, subject = std::string(kSubjectBytes, 'x'),
            body = std::string(kBodyBytes, 'x')](size_t number) {
      const size_t contact = number * 7919 % count;
      return Post(
          "captures.v1.CapturesService/CaptureInteraction", key, "json",
          absl::StrCat(
              R"({"person":{"emails":[{"address":"bench)", absl::Dec(contact, absl::kZeroPad6),
              R"(@example.com"}]},"source":"bench","interaction":{"kind":"EMAIL",)",
              R"("direction":"INBOUND","subject":")", subject, R"(","body":")", body, R"("}})"));
    };
  }
  return [requests = Requests(words[0], words[1], words[2], count)](size_t number) {
    return requests[number % requests.size()];
  };
}

int Run(const std::vector<std::string>& words) {
  const std::function<std::string(size_t)> request_of = RequestsOf(words);
  std::vector<std::unique_ptr<Connection>> connections(std::strtoul(words[3].c_str(), nullptr, 10));
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  size_t next = 0;
  for (auto& connection : connections) {
    connection = std::make_unique<Connection>(words[0]);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    KITH_CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor(), &event) == 0);
    connection->Send(request_of(next++));
  }
  double warm_up = 0;
  double seconds = 0;
  KITH_CHECK(absl::SimpleAtod(words[5], &warm_up) && absl::SimpleAtod(words[6], &seconds));
  const absl::Duration begin = SystemClock().Elapsed() + absl::Seconds(warm_up);
  const absl::Duration end = begin + absl::Seconds(seconds);
  std::vector<double> latencies;
  size_t response_bytes = 0;
  std::vector<epoll_event> events(connections.size());
  for (absl::Duration now; now < end;) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    now = SystemClock().Elapsed();
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (!connection.Read()) continue;
      if (now >= begin) latencies.push_back(absl::ToDoubleMilliseconds(connection.took()));
      response_bytes = connection.body().size();
      connection.Send(request_of(next++));
    }
  }
  KITH_CHECK(!latencies.empty());
  const auto p99 = latencies.begin() + static_cast<ptrdiff_t>(latencies.size() * 99 / 100);
  std::nth_element(latencies.begin(), p99, latencies.end());
  std::printf("{\"per_second\": %.1f, \"p99_ms\": %.3f, \"response_bytes\": %zu}\n",
              static_cast<double>(latencies.size()) / seconds, *p99, response_bytes);
  return 0;
}

}  // namespace
}  // namespace kith

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 7) return kith::Run(words);
  std::fprintf(
      stderr,
      "usage: http_load ADDRESS KEY json|proto|capture CONNECTIONS CONTACTS WARM_UP SECONDS\n"
      "       http_load ADDRESS PATH form CONNECTIONS TEXT_BYTES WARM_UP SECONDS\n");
  return 2;
}
