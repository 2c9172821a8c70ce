// What kithd tells its operator on stderr, and what becomes of it where nobody listens.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/version.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "tests/integration/kithd_process.h"
#include "tests/testing/temp_folder.h"

namespace kith::testing {
namespace {

constexpr char kAnyPort[] = "--listen=127.0.0.1:0";

// A call that is refused: there is no such contact.
grpc::Status GetNobody(const KithdProcess& kithd) {
  const auto stub = contacts::v1::ContactsService::NewStub(kithd.channel());
  contacts::v1::GetContactRequest request;
  request.set_name("contacts/01M842D8ARKKGN3MB7GYD26GXX");
  contacts::v1::Contact contact;
  grpc::ClientContext context;
  kithd.Authorise(&context);
  return stub->GetContact(&context, request, &contact);
}

TEST(KithdLog, TellsItsStartAndItsStop) {
  const TempFolder folder;
  const std::string data = folder / "data";
  KithdProcess kithd(data);
  ASSERT_TRUE(kithd.ready());
  const std::string log = kithd.Stop(SIGTERM).stderr_text;
  EXPECT_TRUE(absl::StrContains(
      log, absl::StrCat(R"("level":"info","message":"started","version":")", Version(),
                        R"(","data":")", data, R"(","address":"127.0.0.1:0","port":)")))
      << log;
  for (const char* part :
       {R"("position":)", R"("views_at":)", R"("recovery_ms":)", R"("start_ms":)",
        R"("message":"stopping","why":"SIGTERM")", R"("message":"stopped")"}) {
    EXPECT_TRUE(absl::StrContains(log, part)) << part << " is not in\n" << log;
  }
}

TEST(KithdLog, CountsEqualRefusals) {
  const TempFolder folder;
  KithdProcess kithd(folder / "data");
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(GetNobody(kithd).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  const std::string log = kithd.Stop(SIGTERM).stderr_text;
  const size_t first = log.find("call refused");
  ASSERT_NE(first, std::string::npos) << log;
  EXPECT_TRUE(absl::StrContains(log, R"("repeated":)")) << log;
}

TEST(KithdLog, KeepsToItsLevel) {
  const TempFolder folder;
  {
    KithdProcess kithd(folder / "quiet", {kAnyPort, "--log_level=error"});
    GetNobody(kithd);
    EXPECT_EQ(kithd.Stop(SIGTERM).stderr_text, "");
  }
  KithdProcess refused(folder / "none", {kAnyPort, "--log_level=loud"});
  EXPECT_FALSE(refused.ready());
  const Ended ended = refused.Stop(SIGTERM);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(absl::StrContains(ended.stderr_text, "--log_level=loud")) << ended.stderr_text;
}

// Goal: who reads the log, and stops, holds up nobody. Method: stderr is a pipe that is full.
TEST(KithdLog, AStalledReaderHoldsUpNeitherCallsNorTheStop) {
  const TempFolder folder;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::string fill(4096, '.');
  while (write(ends[1], fill.data(), fill.size()) > 0) {
  }
  ASSERT_EQ(fcntl(ends[1], F_SETFL, 0), 0);
  KithdProcess kithd(folder / "data", {kAnyPort, "--log_level=debug"}, ends[1]);
  ASSERT_TRUE(kithd.ready());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(GetNobody(kithd).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  close(ends[0]);
  close(ends[1]);
}

TEST(KithdLog, OutlivesWhoReadsIt) {
  const TempFolder folder;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  KithdProcess kithd(folder / "data", {kAnyPort, "--log_level=debug"}, ends[1]);
  ASSERT_TRUE(kithd.ready());
  close(ends[0]);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(GetNobody(kithd).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  close(ends[1]);
}

}  // namespace
}  // namespace kith::testing
