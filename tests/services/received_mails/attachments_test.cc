// What is attached to mails, over the whole server: kept, told piece by piece, and gone with the
// person.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/received_mails/received_mail.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/test_server.h"

namespace kith::received_mails {
namespace {

namespace fs = std::filesystem;
using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Reply;
using Mails = v1::ReceivedMailsService::Stub;

// From Ada, with a file for each of `contents`.
std::string MailWith(const std::vector<std::string>& contents, const std::string& id = "1") {
  std::string mail =
      absl::StrCat("From: Ada Lovelace <ada@x.example>\r\nMessage-ID: <", id,
                   "@x.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                   "Content-Type: text/plain\r\n\r\nSee there.\r\n");
  for (size_t i = 0; i < contents.size(); ++i) {
    absl::StrAppend(
        &mail,
        "--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=", i + 1,
        ".pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", absl::Base64Escape(contents[i]),
        "\r\n");
  }
  return absl::StrCat(mail, "--b--\r\n");
}

class AttachmentsTest : public ::testing::Test {
 protected:
  AttachmentsTest() { Start(); }

  void Start(std::function<void(runtime::ServerOptions&)> adjust = nullptr) {
    server_ = std::make_unique<testing::TestServer>(
        nullptr, [this, adjust = std::move(adjust)](runtime::ServerOptions& options) {
          options.blobs.folder = Blobs();
          if (adjust != nullptr) adjust(options);
        });
  }
  std::string Blobs() const { return folder_.path() + "/blobs"; }
  v1::ReceivedMail Receive(const std::string& mail) {
    v1::ReceiveMailRequest request;
    request.set_raw(mail);
    const auto reply = server_->Call(&Mails::ReceiveMail, request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  Reply<v1::ReadMailAttachmentResponse> Read(const std::string& name, int number,
                                             int64_t offset = 0, const std::string& key = "") {
    v1::ReadMailAttachmentRequest request;
    request.set_name(name);
    request.set_number(number);
    request.set_offset(offset);
    return server_->CallWith(key.empty() ? server_->secret() : key, &Mails::ReadMailAttachment,
                             request);
  }
  std::string CreateContact(const std::string& first_name, const std::string& owner = "") {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_owner(owner);
    request.mutable_contact()->set_first_name(first_name);
    request.mutable_contact()->add_emails()->set_address("ada@x.example");
    return server_->Call(&ContactsService::Stub::CreateContact, request)->name();
  }
  int CountFiles() const {
    int count = 0;
    for (const auto& at : fs::recursive_directory_iterator(Blobs())) {
      count += at.is_regular_file() && at.path().string().find("/days/") == std::string::npos;
    }
    return count;
  }
  std::string OnlyFile() const {
    std::string path;
    for (const auto& at : fs::recursive_directory_iterator(Blobs())) {
      const bool is_blob =
          at.is_regular_file() && at.path().string().find("/days/") == std::string::npos;
      if (is_blob) path = at.path().string();
    }
    return path;
  }

  testing::TempFolder folder_;
  std::unique_ptr<testing::TestServer> server_;
};

TEST_F(AttachmentsTest, AreGivenBackAsTheyWere) {
  const std::string offer("\0%PDF\xFF", 6);
  const v1::ReceivedMail mail = Receive(MailWith({offer, "", "invoice"}));
  ASSERT_EQ(mail.attachments_size(), 3);
  for (const v1::MailAttachment& one : mail.attachments()) EXPECT_EQ(one.state(), v1::STORED);
  const auto first = Read(mail.name(), 1);
  EXPECT_EQ(first.reason(), "");
  EXPECT_EQ(first->content(), offer);
  EXPECT_EQ(first->attachment().filename(), "1.pdf");
  EXPECT_EQ(first->attachment().media_type(), "application/pdf");
  EXPECT_EQ(first->next_offset(), 0);
  EXPECT_EQ(Read(mail.name(), 2)->content(), "");
  EXPECT_EQ(Read(mail.name(), 3)->content(), "invoice");
  EXPECT_EQ(Read(mail.name(), 3, 2)->content(), "voice");
  EXPECT_EQ(Read(mail.name(), 4).reason(), "ATTACHMENT_NOT_FOUND");
  for (const int number : {-1, std::numeric_limits<int>::min()}) {
    EXPECT_THAT(Read(mail.name(), number).fields(), ElementsAre("number")) << number;
  }
  EXPECT_THAT(Read(mail.name(), 0).fields(), ElementsAre("number"));
  EXPECT_THAT(Read(mail.name(), 3, 8).fields(), ElementsAre("offset"));
  EXPECT_THAT(Read(mail.name(), 3, -1).fields(), ElementsAre("offset"));
  EXPECT_EQ(Read("receivedMails/none", 1).reason(), "RECEIVED_MAIL_NOT_FOUND");

  // They are there after a restart, which moves what events name and loses nothing.
  server_->Restart();
  EXPECT_EQ(Read(mail.name(), 1)->content(), offer);
  EXPECT_EQ(Read(mail.name(), 3)->content(), "invoice");
}

TEST_F(AttachmentsTest, AreToldInPieces) {
  std::string large;
  for (int i = 0; i < 2'500'000; ++i) large += static_cast<char>(i * 31 / 7);
  const v1::ReceivedMail mail = Receive(MailWith({large}));
  std::string read;
  int pieces = 0;
  int64_t offset = 0;
  do {
    const auto piece = Read(mail.name(), 1, offset);
    ASSERT_EQ(piece.reason(), "");
    read += piece->content();
    offset = piece->next_offset();
    ++pieces;
  } while (offset > 0);
  EXPECT_EQ(pieces, 3);
  EXPECT_TRUE(read == large);
}

TEST_F(AttachmentsTest, AreKeptOnceForAPerson) {
  Receive(MailWith({"offer", "offer"}, "1"));
  const v1::ReceivedMail second = Receive(MailWith({"offer"}, "2"));
  EXPECT_EQ(CountFiles(), 1);
  EXPECT_EQ(Read(second.name(), 1)->content(), "offer");
}

// Who may not read the mail, or what is personal, is not told what is attached either.
TEST_F(AttachmentsTest, AreToldToWhoMayReadTheMail) {
  const auto create_user = [&](const std::string& email, const std::string& role) {
    users::v1::CreateUserRequest create;
    create.mutable_user()->set_display_name("Marta");
    create.mutable_user()->set_email(email);
    create.mutable_user()->add_roles(role);
    return server_->Call(&users::v1::UsersService::Stub::CreateUser, create)->name();
  };
  const auto key_of = [&](const std::string& user, const std::string& permission) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("A key");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions(permission);
    return server_->Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  };
  const std::string marta = create_user("marta@acme.example", "roles/sales-rep");
  const std::string other = create_user("other@acme.example", "roles/sales-rep");
  CreateContact("Ada", marta);
  const v1::ReceivedMail mail = Receive(MailWith({"offer"}));
  EXPECT_EQ(Read(mail.name(), 1, 0, key_of("", "contacts.read")).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Read(mail.name(), 1, 0, key_of(marta, "*"))->content(), "offer");
  EXPECT_EQ(Read(mail.name(), 1, 0, key_of(other, "*")).reason(), "RECEIVED_MAIL_NOT_FOUND");
  roles::v1::CreateRoleRequest role;
  role.mutable_role()->set_display_name("Counts mails");
  for (const char* const permission : {"received_mails.read", "contacts.read"}) {
    roles::v1::RoleGrant& grant = *role.mutable_role()->add_grants();
    grant.set_permission(permission);
    grant.set_scope(roles::v1::ALL);
  }
  const std::string counts =
      server_->Call(&roles::v1::RolesService::Stub::CreateRole, role)->name();
  const auto masked =
      Read(mail.name(), 1, 0, key_of(create_user("count@acme.example", counts), "*"));
  EXPECT_EQ(masked.reason(), "");
  EXPECT_EQ(masked->content(), "");
  EXPECT_FALSE(masked->has_attachment());
}

// Goal: nothing that a person sent outlives their key.
TEST_F(AttachmentsTest, AreGoneWithThePerson) {
  const v1::ReceivedMail mail = Receive(MailWith({"offer"}));
  server_->Restart();
  ASSERT_EQ(CountFiles(), 1);
  ASSERT_TRUE(server_->keys().Destroy(server_->workspace(), mail.contact()).ok());
  EXPECT_EQ(Read(mail.name(), 1).reason(), "ATTACHMENT_NOT_FOUND");
  server_->Restart();
  EXPECT_EQ(CountFiles(), 0);
  EXPECT_EQ(Read(mail.name(), 1).reason(), "ATTACHMENT_NOT_FOUND");
}

// What waited for a review is sealed for that, and goes with whoever it turns out to be.
TEST_F(AttachmentsTest, AreThoseOfWhomAReviewSays) {
  const std::string ada = CreateContact("Ada");
  CreateContact("Ada B");
  const v1::ReceivedMail mail = Receive(MailWith({"offer"}));
  ASSERT_EQ(mail.outcome(), v1::IN_REVIEW);
  EXPECT_EQ(Read(mail.name(), 1)->content(), "offer");
  captures::v1::ResolveCaptureReviewRequest resolve;
  resolve.set_name(mail.capture_review());
  resolve.set_resolution(captures::v1::EXISTING_CONTACT);
  resolve.set_contact(ada);
  ASSERT_EQ(server_->Call(&captures::v1::CaptureReviewsService::Stub::ResolveCaptureReview, resolve)
                .reason(),
            "");
  EXPECT_EQ(Read(mail.name(), 1)->content(), "offer");
  ASSERT_TRUE(server_->keys().Destroy(server_->workspace(), ada).ok());
  EXPECT_EQ(Read(mail.name(), 1).reason(), "ATTACHMENT_NOT_FOUND");
}

TEST_F(AttachmentsTest, AreToldOfWhereThereIsNoRoomForThem) {
  Start([](runtime::ServerOptions& options) { options.blobs.bytes_a_day_max = 10; });
  const v1::ReceivedMail mail = Receive(MailWith({"12345678", "abc", "ab"}));
  EXPECT_EQ(mail.outcome(), v1::RECORDED);
  EXPECT_EQ(mail.attachments(0).state(), v1::STORED);
  EXPECT_EQ(mail.attachments(1).state(), v1::NO_ROOM);
  EXPECT_EQ(mail.attachments(2).state(), v1::STORED);
  const auto refused = Read(mail.name(), 2);
  EXPECT_EQ(refused.reason(), "ATTACHMENT_NOT_STORED");
  EXPECT_EQ(refused.metadata("state"), "NO_ROOM");
  EXPECT_EQ(Read(mail.name(), 3)->content(), "ab");
}

TEST_F(AttachmentsTest, AreKeptUpToANumber) {
  std::vector<std::string> many;
  for (int i = 0; i <= kStoredAttachmentsMax; ++i) many.push_back(absl::StrCat("file ", i));
  const v1::ReceivedMail mail = Receive(MailWith(many));
  ASSERT_EQ(mail.attachments_size(), kStoredAttachmentsMax + 1);
  EXPECT_EQ(mail.attachments(kStoredAttachmentsMax - 1).state(), v1::STORED);
  EXPECT_EQ(mail.attachments(kStoredAttachmentsMax).state(), v1::TOO_MANY);
  EXPECT_EQ(Read(mail.name(), kStoredAttachmentsMax + 1).reason(), "ATTACHMENT_NOT_STORED");
}

TEST_F(AttachmentsTest, SayThatTheyAreLost) {
  const v1::ReceivedMail mail = Receive(MailWith({"offer"}));
  const std::string path = OnlyFile();
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(-1, std::ios::end);
    file.put('?');
  }
  const auto damaged = Read(mail.name(), 1);
  EXPECT_EQ(damaged.reason(), "ATTACHMENT_LOST");
  EXPECT_EQ(damaged.status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(damaged.status.error_message(), Not(HasSubstr(folder_.path())));
  fs::remove(path);
  EXPECT_EQ(Read(mail.name(), 1).reason(), "ATTACHMENT_LOST");
}

// The names of blobs are nobody's business.
TEST_F(AttachmentsTest, TellTheEventsNoNameOfABlob) {
  Receive(MailWith({"offer"}));
  const std::string blob = fs::path(OnlyFile()).filename().string();
  const std::string name = blob.substr(blob.rfind(':') + 1);
  events::v1::ReadEventsRequest request;
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server_->secret()));
  const auto stub = events::v1::EventsService::NewStub(server_->channel());
  const auto stream = stub->ReadEvents(&context, request);
  events::v1::ReadEventsResponse response;
  std::string told;
  while (stream->Read(&response)) absl::StrAppend(&told, response.DebugString());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(told, HasSubstr("mail_received"));
  EXPECT_THAT(told, Not(HasSubstr(name)));
}

}  // namespace
}  // namespace kith::received_mails
