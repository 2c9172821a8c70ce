// `kith receive`, as people see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/services/cli/commands/command_fixture.h"
#include "tests/testing/temp_folder.h"

namespace kith::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ReceiveTest : public CommandTest {
 protected:
  std::string FileOf(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  testing::TempFolder folder_;
};

TEST_F(ReceiveTest, TellsWhatBecameOfEachMail) {
  const std::string person = FileOf(
      "1.eml", "From: Ada <ada@x.example>\r\nSubject: Offer\r\nMessage-ID: <1@x>\r\n\r\nWhen?\r\n");
  const std::string list =
      FileOf("2.eml", "From: n@x.example\r\nList-Id: <n.x>\r\nMessage-ID: <2@x>\r\n\r\nNews\r\n");
  const std::string told = Run({"receive", person, list, person});
  EXPECT_THAT(told, HasSubstr("receivedMails/ID"));
  EXPECT_THAT(told, HasSubstr("PERSONAL"));
  EXPECT_THAT(told, HasSubstr("RECORDED"));
  EXPECT_THAT(told, HasSubstr("NOT_PERSONAL"));
  EXPECT_THAT(Output({"receive", person, "--json"}), HasSubstr("\"message_id\":\"1@x\""));
  EXPECT_THAT(Output({"received-mails", "list"}), HasSubstr("BULK"));
  const std::string thread = Run({"mail-threads", "read", Create({"receive", person})});
  EXPECT_THAT(thread, HasSubstr("receivedMails/ID"));
  EXPECT_THAT(thread, ContainsRegex("CONTACT +SUBJECT +SENDER +TEXT\n"));
  EXPECT_THAT(thread, ContainsRegex(" Ada +Offer +Ada +When\\?\n"));
  EXPECT_THAT(Run({"mail-threads", "list", "--columns", "subject"}), HasSubstr("Offer\n"));
  for (const char* const list : {"received-mails", "mail-threads"}) {
    const std::string table = Output({list, "list"});
    EXPECT_THAT(table, HasSubstr("SUBJECT")) << list;
    EXPECT_THAT(table, HasSubstr("Offer")) << list;
    EXPECT_THAT(table, HasSubstr("Ada")) << list;
  }
}

TEST_F(ReceiveTest, SaysWhichWereNotTaken) {
  std::string wide = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i <= 200; ++i) wide += "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
  const std::string large = FileOf("large.eml", wide);
  const std::string small = FileOf("small.eml", "From: a@x.example\r\n\r\nx\r\n");
  EXPECT_THAT(Output({"receive", large}, 1), HasSubstr("more than 200 parts"));
  const std::string told = Output({"receive", large, small}, 1);
  EXPECT_THAT(told, HasSubstr("large.eml: "));
  EXPECT_THAT(told, HasSubstr("1 of 2 mails were not taken"));
  EXPECT_THAT(told, HasSubstr("RECORDED"));
}

TEST_F(ReceiveTest, GivesBackWhatIsAttached) {
  const std::string mail = FileOf(
      "1.eml",
      "From: Ada <ada@x.example>\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b"
      "\r\n\r\n--b\r\nContent-Type: application/pdf; name=offer.pdf\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n");
  const std::string name = Create({"receive", mail});
  EXPECT_EQ(Output({"received-mails", "get-attachment", name, "1"}), "hello");
  const std::string file = folder_.path() + "/offer.pdf";
  EXPECT_EQ(Output({"received-mails", "get-attachment", name, "1", "--output", file}), "");
  std::ifstream written(file, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "hello");
  EXPECT_THAT(Output({"received-mails", "get-attachment", name, "2"}, 1), HasSubstr("it has 1"));
  EXPECT_THAT(Output({"received-mails", "get-attachment", name}, 2), HasSubstr("get-attachment"));
}

TEST_F(ReceiveTest, SaysHowALargeMailComesIn) {
  const std::string large =
      FileOf("large.eml", "From: a@x.example\r\n\r\n" + std::string(4 << 20, 'x'));
  const std::string told = Output({"receive", large}, 2);
  EXPECT_THAT(told, HasSubstr("more than 4 MiB"));
  EXPECT_THAT(told, HasSubstr("content-type: message/rfc822"));
}

TEST_F(ReceiveTest, AsksForFiles) {
  EXPECT_THAT(Output({"receive"}, 2), HasSubstr("kith receive FILE|-"));
  EXPECT_THAT(Output({"receive", folder_.path() + "/none"}, 2), HasSubstr("cannot open"));
  EXPECT_THAT(Output({"receive", FileOf("empty", "")}, 2), HasSubstr("is empty"));
}

}  // namespace
}  // namespace kith::cli
