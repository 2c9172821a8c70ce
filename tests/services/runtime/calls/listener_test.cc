// How connections are taken and refused.
#include "services/runtime/calls/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using ::testing::HasSubstr;

class Connection {
 public:
  explicit Connection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Connection() { close(socket_); }

  // The server says its settings, as HTTP/2 has it; false: it has hung up.
  bool IsTaken() {
    char first = 0;
    return recv(socket_, &first, 1, 0) == 1;
  }

 private:
  const int socket_;
};

// So many files.
class OpenFiles {
 public:
  explicit OpenFiles(int count) {
    for (int i = 0; i < count; ++i) files_.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  ~OpenFiles() {
    for (const int file : files_) close(file);
  }

 private:
  std::vector<int> files_;
};

bool Answers(int port) {
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  Call call;
  contacts::v1::Contact contact;
  contacts::v1::GetContactRequest request;
  request.set_name("contacts/01J00000000000000000000000");
  return contacts::v1::ContactsService::NewStub(channel)
             ->GetContact(&call, request, &contact)
             .error_code() == grpc::StatusCode::NOT_FOUND;
}

TEST(Listener, ClosesWhatIsBeyondItsBoundAndTakesConnectionsAgainLater) {
  ServerOptions options;
  options.connections.descriptors_max = 60;
  PersonServer server(options);
  int refused = 0;
  {
    std::list<Connection> connections;
    for (int i = 0; i < 100; ++i) refused += !connections.emplace_back(server.port()).IsTaken();
    EXPECT_EQ(refused, 40);
  }
  // The server learns that they are gone in its own time.
  while (!Answers(server.port())) std::this_thread::yield();
}

// Databases open files all the time, and a connection after them has a high number.
TEST(Listener, TakesConnectionsHoweverManyFilesAreOpen) {
  ServerOptions options;
  options.connections.descriptors_max = 60;
  PersonServer server(options);
  const OpenFiles files(200);
  std::list<Connection> connections;
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(connections.emplace_back(server.port()).IsTaken());
}

TEST(Listener, SaysWhyAnAddressCannotBeHad) {
  const auto first = Listener::Bind("127.0.0.1:0", 1'000);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Listener::Bind(absl::StrCat("127.0.0.1:", (*first)->port()), 1'000);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("Address already in use; stop what has that port"));
  EXPECT_THAT(std::string(Listener::Bind("127.0.0.1", 1'000).status().message()),
              HasSubstr("say host:port"));
  EXPECT_THAT(std::string(Listener::Bind("192.0.2.1:0", 1'000).status().message()),
              HasSubstr("cannot listen on 192.0.2.1:0: Cannot assign requested address; say an "
                        "address that this machine has"));
  EXPECT_THAT(std::string(Listener::Bind("nowhere.invalid:0", 1'000).status().message()),
              HasSubstr("say an address of this machine, or its name"));
}

TEST(Listener, ListensOnEveryAddressOfAName) {
  const auto listener = Listener::Bind("localhost:0", 1'000);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_GT((*listener)->port(), 0);
}

TEST(Listener, KnowsWhatOnlyThisMachineReaches) {
  for (const std::string address : {"127.0.0.1:1", "127.8.9.10:0", "localhost:0", "[::1]:0"}) {
    EXPECT_THAT(Listener::IsLoopback(address).value(), true) << address;
  }
  for (const std::string address : {"0.0.0.0:0", ":0", "[::]:0", "10.0.0.1:0", "[fe80::1]:0"}) {
    EXPECT_THAT(Listener::IsLoopback(address).value(), false) << address;
  }
  EXPECT_TRUE(absl::IsUnavailable(Listener::IsLoopback("7447").status()));
}

}  // namespace
}  // namespace kith::runtime
