// Handing mail over, to a server on loopback, by a clock that stands still. What a mail server may
// answer is tested with the real kithd.
#include "services/runtime/effects/smtp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "tests/services/runtime/effects/smtp_sink.h"
#include "tests/testing/manual_clock.h"

namespace kith::runtime {
namespace {

using End = SmtpResult::End;
using ::testing::ElementsAre;
using testing::ManualClock;
using testing::SmtpSink;

SmtpOptions OptionsFor(const SmtpSink& sink, double per_second_per_domain) {
  SmtpOptions options;
  options.url = sink.url();
  options.from = "crm@acme.example";
  options.tls = SmtpTls::kNever;
  options.per_second_per_domain = per_second_per_domain;
  return options;
}

std::future<SmtpResult> Start(SmtpClient& client, const std::string& recipient) {
  auto told = std::make_shared<std::promise<SmtpResult>>();
  client.Send({"crm@acme.example", recipient, "Subject: Hello\r\n\r\nHello\r\n"},
              [told](SmtpResult result) { told->set_value(std::move(result)); });
  return told->get_future();
}
End Send(SmtpClient& client, const std::string& recipient) {
  return Start(client, recipient).get().end;
}

bool IsOver(const std::future<SmtpResult>& result) {
  return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// Goal: a domain gets no more mail in a second than it may, and holds up no other. Method: mails
// are begun in their order, so one to another domain that was taken has passed the one that waits.
TEST(SmtpClient, HandsOverNoMoreToADomainInASecondThanItMay) {
  SmtpSink sink;
  ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  SmtpClient client(OptionsFor(sink, 2), clock);
  EXPECT_EQ(Send(client, "ada@one.example"), End::kTaken);
  auto second = Start(client, "bob@ONE.example");
  auto third = Start(client, "cleo@one.example");
  EXPECT_EQ(Send(client, "dan@two.example"), End::kTaken);
  EXPECT_FALSE(IsOver(second));

  clock.Advance(absl::Milliseconds(499));
  EXPECT_EQ(Send(client, "eve@three.example"), End::kTaken);
  EXPECT_FALSE(IsOver(second)) << "half a second has not passed";

  clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(second.get().end, End::kTaken);
  EXPECT_EQ(Send(client, "fay@four.example"), End::kTaken);
  EXPECT_FALSE(IsOver(third)) << "each has its own half a second";

  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(third.get().end, End::kTaken);
  auto fourth = Start(client, "gus@one.example");
  EXPECT_EQ(Send(client, "hal@five.example"), End::kTaken);
  EXPECT_FALSE(IsOver(fourth)) << "what was not used in ten seconds is not made up for";

  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(fourth.get().end, End::kTaken);
  EXPECT_THAT(sink.recipients(),
              ElementsAre("RCPT TO:<ada@one.example>", "RCPT TO:<dan@two.example>",
                          "RCPT TO:<eve@three.example>", "RCPT TO:<bob@ONE.example>",
                          "RCPT TO:<fay@four.example>", "RCPT TO:<cleo@one.example>",
                          "RCPT TO:<hal@five.example>", "RCPT TO:<gus@one.example>"));
}

TEST(SmtpClient, DoesNotBoundTheRateWhereItIsNotAsked) {
  SmtpSink sink;
  ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  SmtpClient client(OptionsFor(sink, 0), clock);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Send(client, "ada@one.example"), End::kTaken);
}

TEST(SmtpClient, GivesUpWhatWaitsForItsTurnWhereItStops) {
  SmtpSink sink;
  ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  SmtpClient client(OptionsFor(sink, 1), clock);
  EXPECT_EQ(Send(client, "ada@one.example"), End::kTaken);
  auto waits = Start(client, "bob@one.example");
  client.Stop();
  EXPECT_EQ(waits.get().end, End::kStopped);
}

}  // namespace
}  // namespace kith::runtime
