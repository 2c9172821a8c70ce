// How connections are taken and refused.
#include "services/runtime/calls/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <thread>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"
#include "tests/testing/captured_log.h"

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

// The number that the next descriptor gets; those after it get higher ones, where few below are
// free.
int NextDescriptor() {
  const int next = dup(STDIN_FILENO);
  close(next);
  return next;
}

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
  // The clients' ends are descriptors of this process, too.
  ServerOptions options;
  options.connections.descriptors_max = NextDescriptor() + 60;
  PersonServer server(options);
  int refused = 0;
  {
    std::list<Connection> connections;
    for (int i = 0; i < 100; ++i) refused += !connections.emplace_back(server.port()).IsTaken();
    EXPECT_GT(refused, 30);
    EXPECT_LT(refused, 100);
  }
  // The server learns that they are gone in its own time.
  while (!Answers(server.port())) std::this_thread::yield();
}

// The limit that a process may not raise holds for all that it does later: this is done in another.
TEST(RaiseDescriptorLimit, TakesAllThereIsAndTellsWhereThatIsFew) {
  const auto raised_to = [](rlim_t hard) {
    const rlimit limit{hard / 2, hard};
    const kith::testing::CapturedLog log;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || RaiseDescriptorLimit() != static_cast<int>(hard)) {
      _exit(1);
    }
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    const bool is_told =
        log.lines().size() == 1 && absl::StrContains(log.lines()[0].json, "LimitNOFILE");
    _exit(now.rlim_cur != hard ? 2 : is_told ? 3 : 0);
  };
  EXPECT_EXIT(raised_to(500), ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(raised_to(4'096), ::testing::ExitedWithCode(0), "");
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
