// Posting, against a server on loopback. What TLS adds is tested with the real kithd.
#include "services/runtime/effects/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/services/runtime/effects/http_sink.h"

namespace kith::runtime {
namespace {

using End = HttpResult::End;
using testing::HttpAnswer;
using testing::HttpRequest;
using testing::HttpSink;

HttpOptions AllowingLoopback() {
  HttpOptions options;
  options.allowed.push_back(*AddressRange::Parse("127.0.0.0/8"));
  return options;
}

std::future<HttpResult> Start(HttpClient& client, HttpPost post) {
  auto told = std::make_shared<std::promise<HttpResult>>();
  client.Send(std::move(post), [told](HttpResult result) { told->set_value(std::move(result)); });
  return told->get_future();
}
HttpResult Send(HttpClient& client, HttpPost post) { return Start(client, std::move(post)).get(); }

TEST(HttpClient, PostsTheBodyWithItsHeaders) {
  HttpSink sink([](const HttpRequest&) { return HttpAnswer(201, "thanks"); });
  HttpClient client(AllowingLoopback());
  const std::string body(100'000, 'x');
  const HttpResult result =
      Send(client, {sink.url("/a?b=c"), {"Content-Type: application/json", "X-Id: 7"}, body});
  EXPECT_EQ(result.end, End::kAnswered) << result.why;
  EXPECT_EQ(result.status, 201);
  EXPECT_EQ(result.answer, "thanks");
  ASSERT_EQ(sink.requests().size(), 1u);
  const HttpRequest request = sink.requests()[0];
  EXPECT_EQ(request.line, "POST /a?b=c HTTP/1.1");
  EXPECT_EQ(request.Header("Content-Type"), "application/json");
  EXPECT_EQ(request.Header("X-Id"), "7");
  EXPECT_EQ(request.Header("Expect"), "");
  EXPECT_EQ(request.Header("User-Agent").substr(0, 5), "Kith/");
  EXPECT_EQ(request.body, body);
}

TEST(HttpClient, TakesARedirectForAnAnswer) {
  HttpSink other([](const HttpRequest&) { return HttpAnswer(200); });
  HttpSink sink([&](const HttpRequest&) {
    return HttpAnswer(302, "", absl::StrCat("Location: ", other.url(), "\r\n"));
  });
  HttpClient client(AllowingLoopback());
  const HttpResult result = Send(client, {sink.url(), {}, "{}"});
  EXPECT_EQ(result.end, End::kAnswered);
  EXPECT_EQ(result.status, 302);
  EXPECT_EQ(other.accepted(), 0);
}

TEST(HttpClient, ReadsNoMoreOfAnAnswerThanItMay) {
  HttpSink sink([](const HttpRequest&) { return HttpAnswer(200, std::string(10 << 20, 'y')); });
  HttpClient client(AllowingLoopback());
  for (int i = 0; i < 3; ++i) {
    const HttpResult result = Send(client, {sink.url(), {}, "{}"});
    EXPECT_EQ(result.end, End::kAnswered) << result.why;
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(result.answer, std::string(4096, 'y'));
  }
}

TEST(HttpClient, ReachesNothingBehindTheServer) {
  HttpSink sink([](const HttpRequest&) { return HttpAnswer(200); });
  HttpClient client(HttpOptions{});
  for (const char* const scheme : {"http", "https"}) {
    for (const char* const host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0",
                                   "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"}) {
      const std::string url = absl::StrCat(scheme, "://", host, ":", sink.port(), "/");
      const HttpResult result = Send(client, {url, {}, "{}"});
      EXPECT_EQ(result.end, End::kRefused) << url << ": " << result.why;
      EXPECT_EQ(result.status, 0);
    }
  }
  EXPECT_EQ(sink.accepted(), 0);
}

// What stands in the URL is judged as what is connected to.
TEST(MayPostTo, IsWhatTheClientWouldDoWithTheAddressInTheUrl) {
  const AddressGuard nobody({});
  const AddressGuard loopback(AllowingLoopback().allowed);
  for (const char* const host : {"127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"}) {
    for (const char* const scheme : {"http", "https", "HTTP"}) {
      const std::string url = absl::StrCat(scheme, "://", host, ":8443/kith?a=b");
      EXPECT_FALSE(MayPostTo(nobody, url)) << url;
      EXPECT_TRUE(MayPostTo(loopback, url)) << url;
    }
  }
  for (const char* const host : {"0.0.0.0", "[::1]", "10.0.0.1", "169.254.169.254", "[fe80::1]"}) {
    EXPECT_FALSE(MayPostTo(loopback, absl::StrCat("https://", host, "/"))) << host;
  }
  EXPECT_TRUE(MayPostTo(nobody, "https://8.8.8.8/"));
  EXPECT_FALSE(MayPostTo(nobody, "http://8.8.8.8/")) << "without TLS, only where it is allowed";
  // Of a name nothing is known yet.
  EXPECT_TRUE(MayPostTo(nobody, "https://localhost/"));
  EXPECT_TRUE(MayPostTo(nobody, "http://10.0.0.1.example.org/"));
}

TEST(HttpClient, DoesWithoutTlsOnlyWhereItsOperatorAllowsTheAddress) {
  HttpClient client(AllowingLoopback());
  // Refused before anything is connected to.
  EXPECT_EQ(Send(client, {"http://8.8.8.8/", {}, "{}"}).end, End::kRefused);
  EXPECT_EQ(Send(client, {"HTTP://8.8.8.8/", {}, "{}"}).end, End::kRefused);
}

TEST(HttpClient, KnowsNoOtherProtocols) {
  HttpClient client(AllowingLoopback());
  for (const char* const url : {"file:///etc/hostname", "gopher://127.0.0.1/", "smtp://127.0.0.1/",
                                "ftp://127.0.0.1/", "nonsense"}) {
    const HttpResult result = Send(client, {url, {}, "{}"});
    EXPECT_NE(result.end, End::kAnswered) << url;
    EXPECT_EQ(result.answer, "") << url;
  }
}

TEST(HttpClient, FailsWhereNobodyAnswers) {
  HttpSink sink([](const HttpRequest&) { return ""; });
  HttpClient client(AllowingLoopback());
  HttpResult result = Send(client, {sink.url(), {}, "{}"});
  EXPECT_EQ(result.end, End::kFailed);
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.why, "");
  // Who answers the beginning only has not answered.
  HttpSink cut([](const HttpRequest&) { return "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"; });
  result = Send(client, {cut.url(), {}, "{}"});
  EXPECT_EQ(result.end, End::kFailed);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(Send(client, {"http://127.0.0.1:1/", {}, "{}"}).end, End::kFailed);
}

// A server that answers only when it is let.
class HeldSink {
 public:
  HeldSink()
      : sink_([this](const HttpRequest&) {
          gate_.wait();
          return HttpAnswer(200);
        }) {}
  ~HeldSink() { Open(); }
  void Open() {
    if (!std::exchange(is_open_, true)) promise_.set_value();
  }
  const HttpSink& sink() const { return sink_; }

 private:
  bool is_open_ = false;
  std::promise<void> promise_;
  std::shared_future<void> gate_ = promise_.get_future().share();
  HttpSink sink_;
};

TEST(HttpClient, WaitsNoLongerThanItMay) {
  HeldSink held;
  HttpOptions options = AllowingLoopback();
  options.timeout = absl::Milliseconds(100);
  HttpClient client(options);
  const HttpResult result = Send(client, {held.sink().url(), {}, "{}"});
  EXPECT_EQ(result.end, End::kFailed);
  held.Open();
}

TEST(HttpClient, PostsSoManyAtOnceAndTheOthersAfterThem) {
  HeldSink held;
  HttpOptions options = AllowingLoopback();
  options.in_flight_max = 2;
  HttpClient client(options);
  std::vector<std::future<HttpResult>> posts;
  for (int i = 0; i < 5; ++i) posts.push_back(Start(client, {held.sink().url(), {}, "{}"}));
  while (held.sink().accepted() < 2) std::this_thread::yield();
  EXPECT_EQ(held.sink().accepted(), 2);
  held.Open();
  for (auto& one : posts) EXPECT_EQ(one.get().end, End::kAnswered);
  EXPECT_EQ(held.sink().requests().size(), 5u);
}

TEST(HttpClient, StopEndsWhatIsOnItsWayAndWhatWaits) {
  HeldSink held;
  HttpOptions options = AllowingLoopback();
  options.in_flight_max = 1;
  HttpClient client(options);
  auto first = Start(client, {held.sink().url(), {}, "{}"});
  auto second = Start(client, {held.sink().url(), {}, "{}"});
  client.Stop();
  EXPECT_EQ(first.get().end, End::kStopped);
  EXPECT_EQ(second.get().end, End::kStopped);
  EXPECT_EQ(Send(client, {held.sink().url(), {}, "{}"}).end, End::kStopped);
}

}  // namespace
}  // namespace kith::runtime
