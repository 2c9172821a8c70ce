// ReceivedMailsTest: mails that come in over the whole server, and who asks about them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/received_mails/v1/mail_threads_service.grpc.pb.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::received_mails {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using interactions::v1::Interaction;
using interactions::v1::InteractionsService;
using messages::v1::MessagesService;
using testing::Proto;
using testing::Reply;
using Mails = v1::ReceivedMailsService::Stub;
using Threads = v1::MailThreadsService::Stub;

// As mail servers hand it on: lines ended by CRLF.
inline std::string Wire(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", "\r\n"}});
}

// From Ada to the company, of 4 November 2023.
inline std::string FromAda(const std::string& id, const std::string& headers = "",
                           const std::string& text = "When?") {
  return absl::StrCat(
      "From: Ada Lovelace <ada@x.example>\nTo: Sales <sales@acme.example>\nSubject: Offer\n"
      "Date: Sat, 04 Nov 2023 10:15:00 +0100\nMessage-ID: <",
      id, "@x.example>\n", headers, "\n", text, "\n");
}

class ReceivedMailsTest : public ::testing::Test {
 protected:
  Reply<v1::ReceivedMail> TryReceive(const std::string& mail, const std::string& request_id = "") {
    v1::ReceiveMailRequest request;
    request.set_raw(Wire(mail));
    request.set_request_id(request_id);
    return server_.Call(&Mails::ReceiveMail, request);
  }
  v1::ReceivedMail Receive(const std::string& mail) {
    const auto reply = TryReceive(mail);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "");
    return made.response;
  }
  Reply<v1::ReceivedMail> Get(const std::string& name, const std::string& key = "") {
    v1::GetReceivedMailRequest request;
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Mails::GetReceivedMail, request);
  }
  Reply<v1::ListReceivedMailsResponse> List(const std::string& contact,
                                            const std::string& filter = "",
                                            const std::string& key = "") {
    v1::ListReceivedMailsRequest request;
    request.set_parent(contact);
    request.set_filter(filter);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Mails::ListReceivedMails,
                            request);
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  Contact GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    return Made(&ContactsService::Stub::GetContact, request);
  }
  int CountContacts() {
    return Made(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
        .contacts_size();
  }
  Interaction GetInteraction(const std::string& name) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(name);
    return Made(&InteractionsService::Stub::GetInteraction, request);
  }
  std::string CreateUser(const std::string& email, const std::string& role = "") {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    request.mutable_user()->set_email(email);
    if (!role.empty()) request.mutable_user()->add_roles(role);
    return Made(&users::v1::UsersService::Stub::CreateUser, request).name();
  }
  std::string KeyOf(const std::string& user, const std::string& permission = "*") {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("A key");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions(permission);
    return Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret();
  }
  // A message to the contact, sent with this Message-ID.
  std::string Send(const std::string& contact, const std::string& message_id,
                   const std::string& key = "") {
    messages::v1::SendMessageRequest send;
    send.set_contact(contact);
    send.set_subject("Our offer");
    send.set_text("Here it is.");
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key,
                                       &MessagesService::Stub::SendMessage, send);
    EXPECT_EQ(made.reason(), "");
    const std::string name = made->name();
    messages::v1::RecordMessageSentRequest record;
    record.set_name(name);
    record.set_message_id(message_id);
    Made(&MessagesService::Stub::RecordMessageSent, record);
    return name;
  }
  // That mail to these did not arrive, or with kDelayed not yet.
  static constexpr char kDelayed[] = "4.4.1";
  static std::string BounceOf(const std::string& message_id,
                              const std::vector<std::pair<const char*, const char*>>& failures) {
    std::string report = absl::StrCat(
        "From: MAILER-DAEMON@mx.example\nTo: crm@acme.example\nMessage-ID: <bounce@mx.example>\n"
        "Auto-Submitted: auto-replied\nSubject: Undelivered\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n"
        "Content-Type: text/plain\n\nIt could not be delivered.\n--r\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n");
    for (const auto& [address, status] : failures) {
      const bool is_delayed = absl::string_view(status) == kDelayed;
      absl::StrAppend(&report, "Final-Recipient: rfc822; ", address,
                      "\nAction: ", is_delayed ? "delayed" : "failed", "\nStatus: ", status,
                      "\n\n");
    }
    absl::StrAppend(&report, "--r\nContent-Type: text/rfc822-headers\n\nMessage-ID: ", message_id,
                    "\nSubject: Offer\n\n--r--\n");
    return report;
  }
  v1::ReadMailThreadResponse ReadThread(const std::string& name, const std::string& key = "") {
    v1::ReadMailThreadRequest request;
    request.set_name(name);
    const auto read =
        server_.CallWith(key.empty() ? server_.secret() : key, &Threads::ReadMailThread, request);
    EXPECT_EQ(read.reason(), "");
    return read.response;
  }
  Reply<v1::MailThread> GetThread(const std::string& name, const std::string& key = "") {
    v1::GetMailThreadRequest request;
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Threads::GetMailThread, request);
  }

  testing::TestServer server_;
};

}  // namespace kith::received_mails
