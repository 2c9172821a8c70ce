// What bodies and URLs are made of: envelopes, gzip and queries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "kith/edge/v1/edge_errors.pb.h"
#include "services/edge/envelope.h"
#include "services/edge/gzip.h"
#include "services/edge/query.h"

namespace kith::edge {
namespace {

using ::testing::HasSubstr;

TEST(Envelope, OpensToWhatWasPutIn) {
  const std::string made = MakeEnvelope(kCompressed, std::string(70'000, 'a'));
  EXPECT_EQ(made.substr(0, 5), std::string("\x01\x00\x01\x11\x70", 5));
  const auto opened = OpenEnvelope(made);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->is_compressed);
  EXPECT_EQ(opened->message.size(), 70'000);
}

TEST(Envelope, IsRefusedWhereItIsNotWholeAndAlone) {
  const auto refused = [](absl::string_view body) {
    return std::string(OpenEnvelope(body).status().message());
  };
  EXPECT_THAT(refused(""), HasSubstr("ends before"));
  EXPECT_THAT(refused(absl::string_view("\0\0\0\0", 4)), HasSubstr("ends before"));
  EXPECT_THAT(refused(absl::string_view("\0\0\0\0\3ab", 7)), HasSubstr("3 bytes, and 2"));
  EXPECT_THAT(refused(absl::string_view("\0\xff\xff\xff\xff", 5)), HasSubstr("4294967295 bytes"));
  EXPECT_THAT(refused(absl::string_view("\0\0\0\0\1ab", 7)), HasSubstr("something follows"));
  EXPECT_THAT(refused(absl::string_view("\2\0\0\0\0", 5)), HasSubstr("flags"));
}

TEST(Gzip, GivesBackWhatWasPutIn) {
  const std::string text(100'000, 'a');
  EXPECT_LT(Gzip(text).size(), 1'000);
  EXPECT_EQ(Gunzip(Gzip(text), text.size()).value_or("no"), text);
  EXPECT_EQ(Gunzip(Gzip(""), 0).value_or("no"), "");
}

TEST(Gzip, ReadsMembersOneBehindTheOther) {
  const std::string half(60'000, 'a');
  const std::string packed = Gzip(half) + Gzip("") + Gzip(half) + Gzip("b");
  EXPECT_EQ(Gunzip(packed, 120'001).value_or("no"), half + half + "b");
  EXPECT_TRUE(absl::IsOutOfRange(Gunzip(packed, 120'000).status()));
  const std::string small = Gzip("a") + Gzip("b");
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip(small.substr(0, small.size() - 1), 100).status()));
}

TEST(Gzip, IsRefusedWhereItIsTooMuchOrNotWhole) {
  const std::string packed = Gzip(std::string(100'000'000, 'a'));
  EXPECT_TRUE(absl::IsOutOfRange(Gunzip(packed, 99'999).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip("not gzip", 100).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip("", 100).status()));
  const std::string small = Gzip("something");
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip(small.substr(0, small.size() - 1), 100).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip(small + "x", 100).status()));
}

TEST(ParseQuery, ReadsWhatACallSays) {
  auto query = ParseQuery("connect=v1&encoding=json&message=%7B%22name%22:%22a+b%22%7D");
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->encoding, Encoding::kJson);
  EXPECT_EQ(query->message, R"({"name":"a b"})");
  query = ParseQuery("encoding=proto&base64=1&compression=gzip&message=_-8");
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->encoding, Encoding::kProto);
  EXPECT_EQ(query->message, "\xff\xef");
  EXPECT_EQ(query->compression, "gzip");
}

TEST(ParseQuery, NamesThePartThatIsNone) {
  for (const auto& [text, part] : {std::pair("message=a", "encoding"),
                                   {"encoding=xml", "encoding"},
                                   {"encoding=json&message=%7", "message"},
                                   {"encoding=json&message=%zz", "message"},
                                   {"encoding=json&message=%", "message"},
                                   {"encoding=json&base64=1&message=!", "message"},
                                   {"encoding=json&base64=2", "base64"},
                                   {"encoding=json&connect=v2", "connect"},
                                   {"encoding=json&page=2", "page"}}) {
    const absl::Status refused = ParseQuery(text).status();
    EXPECT_TRUE(IsError(refused, v1::EDGE_ERROR_BAD_REQUEST)) << text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("query's ", part, " ")));
  }
}

}  // namespace
}  // namespace kith::edge
