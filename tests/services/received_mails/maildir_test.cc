// A maildir, with a real folder: what is delivered into it comes in once, whatever fails.
#include "services/received_mails/maildir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/test_server.h"

namespace kith::received_mails {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class MaildirTest : public ::testing::Test {
 protected:
  MaildirTest() {
    for (const char* const part : {"tmp", "new", "cur"}) {
      fs::create_directory(fs::path(folder_.path()) / part);
    }
  }

  testing::TestServer& Start() {
    server_ = std::make_unique<testing::TestServer>([this](runtime::ServerBuilder& builder) {
      WatchMaildir(builder, {.folder = folder_.path(),
                             .key_file = folder_.path() + "/key",
                             .look_first = absl::Milliseconds(1),
                             .look_most = absl::Milliseconds(5)});
    });
    return *server_;
  }
  void WriteKey(const std::string& key) { Write("key", key + "\n"); }
  void Write(const std::string& path, const std::string& text) {
    std::ofstream(folder_.path() + "/tmp_file", std::ios::binary) << text;
    fs::rename(folder_.path() + "/tmp_file", folder_.path() + "/" + path);
  }
  std::vector<std::string> FilesIn(const std::string& part) {
    std::vector<std::string> names;
    for (const auto& at : fs::directory_iterator(folder_.path() + "/" + part)) {
      names.push_back(at.path().filename().string());
    }
    return names;
  }
  // Looks at the log each time something is appended, and else where the file is.
  void AwaitEmptyNew() {
    while (!FilesIn("new").empty()) std::this_thread::yield();
  }
  int CountMails() {
    const auto listed = server_->Call(&v1::ReceivedMailsService::Stub::ListReceivedMails,
                                      v1::ListReceivedMailsRequest());
    EXPECT_EQ(listed.reason(), "");
    return listed->received_mails_size();
  }

  testing::TempFolder folder_;
  std::unique_ptr<testing::TestServer> server_;
};

std::string Mail(int number) {
  return absl::StrCat("From: ada@x.example\r\nMessage-ID: <", number,
                      "@x.example>\r\n\r\nHello\r\n");
}

TEST_F(MaildirTest, TakesWhatIsDelivered) {
  Write("new/1.host", Mail(1));
  WriteKey(Start().secret());
  AwaitEmptyNew();
  Write("new/2.host", Mail(2));
  Write("new/3.host", "\x01 no mail");
  AwaitEmptyNew();
  EXPECT_THAT(FilesIn("cur"), UnorderedElementsAre("1.host:2,", "2.host:2,", "3.host:2,"));
  EXPECT_EQ(CountMails(), 3);
}

// As where the process ended after the mail was on disk and before it was moved.
TEST_F(MaildirTest, TakesTheSameMailOnce) {
  WriteKey(Start().secret());
  Write("new/1.host", Mail(1));
  AwaitEmptyNew();
  fs::rename(folder_.path() + "/cur/1.host:2,", folder_.path() + "/new/1.host");
  AwaitEmptyNew();
  EXPECT_THAT(FilesIn("cur"), ElementsAre("1.host:2,"));
  EXPECT_EQ(CountMails(), 1);
}

TEST_F(MaildirTest, FlagsWhatIsTooLarge) {
  WriteKey(Start().secret());
  std::string wide = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i <= 200; ++i) wide += "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
  Write("new/1.host", wide);
  Write("new/2.host", std::string((25 << 20) + 1, 'x'));
  Write("new/3.host", absl::StrCat("From: a@x.example\r\n\r\n", std::string(24 << 20, 'x')));
  AwaitEmptyNew();
  EXPECT_THAT(FilesIn("cur"), UnorderedElementsAre("1.host:2,F", "2.host:2,F", "3.host:2,"));
  EXPECT_EQ(CountMails(), 1);
}

TEST_F(MaildirTest, WaitsForAKeyThatMayReceive) {
  testing::TestServer& server = Start();
  Write("new/1.host", Mail(1));
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Mail");
  create.mutable_api_key()->add_permissions("contacts.read");
  WriteKey(server.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, create)->secret());
  WriteKey("nonsense");
  WriteKey(server.secret());
  AwaitEmptyNew();
  EXPECT_EQ(CountMails(), 1);
}

TEST_F(MaildirTest, LeavesWhatIsNoMail) {
  WriteKey(Start().secret());
  fs::create_symlink("/etc/hostname", folder_.path() + "/new/0.link");
  Write("new/.hidden", "x");
  Write("new/1.host", Mail(1));
  while (FilesIn("cur").empty()) std::this_thread::yield();
  EXPECT_THAT(FilesIn("new"), UnorderedElementsAre("0.link", ".hidden"));
  EXPECT_EQ(CountMails(), 1);
}

}  // namespace
}  // namespace kith::received_mails
