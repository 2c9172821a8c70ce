#include "eventstore/base/smtp_reply.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(SmtpReplyNumbers, AreAllThatIsKept) {
  EXPECT_EQ(SmtpReplyNumbers("550 5.1.1 <ada@example.com>: unknown"), "550 5.1.1");
  EXPECT_EQ(SmtpReplyNumbers("550-5.1.1 no such user"), "550 5.1.1");
  EXPECT_EQ(SmtpReplyNumbers("451 4.7.123"), "451 4.7.123");
  EXPECT_EQ(SmtpReplyNumbers("550 Ada Byron is not here"), "550");
  EXPECT_EQ(SmtpReplyNumbers("550"), "550");
}

TEST(SmtpReplyNumbers, AreNoneOfWhatIsNoReply) {
  for (const char* const text : {"", "55", "Ada Byron", "5501234567", "+49 30 1234"}) {
    EXPECT_EQ(SmtpReplyNumbers(text), "") << text;
  }
  // Numbers that are no status, as those of a telephone.
  for (const char* const text : {"550 030.1234.5", "550 5.1234.1", "550 5.1", "550 5..1"}) {
    EXPECT_EQ(SmtpReplyNumbers(text), "550") << text;
  }
}

}  // namespace
}  // namespace kith
