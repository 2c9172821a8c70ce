// How a server stops: calls get their grace, connections do not.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

// A connection whose client says hello as HTTP/2 asks, and reads nothing, ever.
class DeafClient {
 public:
  explicit DeafClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    // The preface, and an empty frame of settings.
    const std::string hello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    EXPECT_EQ(send(socket_, hello.data(), hello.size(), 0), 33);
    // The server has taken it in once its own settings are here; they stay unread.
    char first = 0;
    EXPECT_EQ(recv(socket_, &first, 1, MSG_PEEK), 1);
  }
  ~DeafClient() { close(socket_); }

 private:
  const int socket_;
};

ServerOptions WithGrace(absl::Duration grace) {
  ServerOptions options;
  options.stop_grace = grace;
  return options;
}

// It would last an hour otherwise.
TEST(ServerStop, WaitsForNoConnectionWithoutACall) {
  PersonServer server(WithGrace(absl::Hours(1)));
  const DeafClient deaf(server.port());
  server.Stop();
}

// It would last an hour otherwise.
TEST(ServerStop, WaitsForNoStreamWhoseClientReadsNothing) {
  PersonServer server(WithGrace(absl::Hours(1)));
  Call call;
  const auto stream = server.interactions().IngestInteractions(&call);
  interactions::v1::IngestInteractionsRequest message;
  for (int i = 0; i < 500; ++i) message.add_items();
  // The answers to so many fit no connection: the server's write of one of them waits.
  std::thread writing([&] {
    while (stream->Write(message)) {
    }
  });
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(server.stopping());
  server.Stop();
  writing.join();
  call.TryCancel();  // what is left unread would hold up the client
}

TEST(ServerStop, LetsACallInFlightEnd) {
  PersonServer server(WithGrace(absl::Hours(1)));
  server.list_gate.Close();
  grpc::Status status(grpc::StatusCode::UNKNOWN, "");
  std::thread listing([&] {
    Call call;
    contacts::v1::ListContactsResponse response;
    status = server.contacts().ListContacts(&call, contacts::v1::ListContactsRequest(), &response);
  });
  server.list_gate.AwaitWaiting(1);
  std::thread opening([&] {
    while (!server.stopping()) std::this_thread::yield();
    server.list_gate.Open();
  });
  server.StopWithGatesAsTheyAre();
  opening.join();
  listing.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(ServerStop, WaitsNoLongerThanTheGrace) {
  PersonServer server(WithGrace(absl::Milliseconds(1)));
  server.list_gate.Close();
  std::thread listing([&] {
    Call list;
    contacts::v1::ListContactsResponse listed;
    EXPECT_FALSE(
        server.contacts().ListContacts(&list, contacts::v1::ListContactsRequest(), &listed).ok());
    server.list_gate.Open();
  });
  server.list_gate.AwaitWaiting(1);
  server.StopWithGatesAsTheyAre();
  listing.join();
}

// It is told why, and that it may try again.
TEST(ServerStop, TellsAReadThatOutlastsTheGrace) {
  PersonServer server(WithGrace(absl::Milliseconds(1)));
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  contacts::v1::Contact ada;
  Call creating;
  ASSERT_TRUE(server.contacts().CreateContact(&creating, create, &ada).ok());
  server.list_gate.Close();
  grpc::Status status;
  std::thread listing([&] {
    Call call;
    contacts::v1::ListContactsRequest request;
    request.set_filter("forever");
    contacts::v1::ListContactsResponse response;
    status = server.contacts().ListContacts(&call, request, &response);
  });
  server.list_gate.AwaitWaiting(1);
  server.list_gate.Open();
  server.StopWithGatesAsTheyAre();
  listing.join();
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/SHUTTING_DOWN") << status.error_message();
}

// Goal: no client is left with a bare CANCELLED, which does not say whether to try again. Method:
// clients with connections of their own ask again as soon as they are answered, until they find
// nobody.
TEST(ServerStop, TellsWhoeverAsksToTheEnd) {
  ServerOptions options = WithGrace(absl::Hours(1));
  options.stop_quiet = absl::Seconds(2);  // much longer than a client takes to ask again
  PersonServer server(options);
  std::atomic<int> asking = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      const auto stub = contacts::v1::ContactsService::NewStub(
          grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server.port()),
                                    grpc::InsecureChannelCredentials(), arguments));
      contacts::v1::GetContactRequest request;
      request.set_name("contacts/01J00000000000000000000000");
      for (int asked = 1;; ++asked) {
        Call call;
        contacts::v1::Contact contact;
        const grpc::Status status = stub->GetContact(&call, request, &contact);
        if (asked == 1) ++asking;
        if (status.error_code() == grpc::StatusCode::NOT_FOUND) continue;
        ASSERT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
        if (status.error_details().empty()) return;  // there is no connection any more
        ASSERT_EQ(ErrorOf(status), "kith.type.v1/SHUTTING_DOWN");
      }
    });
  }
  while (asking < 8) std::this_thread::yield();
  server.Stop();
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace kith::runtime
