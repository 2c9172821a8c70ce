// The real kithd: what its users and operators meet when it starts, stops, is killed, or cannot
// start.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/generic/generic_stub.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/integration/kithd_process.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temp_folder.h"

namespace kith::testing {
namespace {

class KithdTest : public ::testing::Test {
 protected:
  std::string Data() const { return folder_.path() + "/data"; }

  // A contact's name, or the status that says why there is none.
  static grpc::Status CreateContact(const KithdProcess& kithd, const std::string& first_name,
                                    const std::string& request_id, std::string* name) {
    const auto stub = contacts::v1::ContactsService::NewStub(kithd.channel());
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    request.set_request_id(request_id);
    contacts::v1::Contact contact;
    grpc::ClientContext context;
    kithd.Authorise(&context);
    const grpc::Status status = stub->CreateContact(&context, request, &contact);
    *name = contact.name();
    return status;
  }

  // Every event of the workspace, in order.
  static std::vector<events::v1::Event> Events(const KithdProcess& kithd) {
    const auto stub = events::v1::EventsService::NewStub(kithd.channel());
    grpc::ClientContext context;
    kithd.Authorise(&context);
    const auto stream = stub->ReadEvents(&context, {});
    std::vector<events::v1::Event> events;
    events::v1::ReadEventsResponse response;
    while (stream->Read(&response)) {
      events.insert(events.end(), response.events().begin(), response.events().end());
    }
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return events;
  }

  TempFolder folder_;
};

// One line that begins with the program's name.
void ExpectOneClearLine(const Ended& ended, const std::string& part, int exit_code = 1) {
  EXPECT_EQ(ended.exit_code, exit_code);
  EXPECT_EQ(ended.stderr_text.rfind("kithd: ", 0), 0u) << ended.stderr_text;
  EXPECT_EQ(std::count(ended.stderr_text.begin(), ended.stderr_text.end(), '\n'), 1)
      << ended.stderr_text;
  EXPECT_NE(ended.stderr_text.find(part), std::string::npos) << ended.stderr_text;
}

// What every file below the folder holds.
std::map<std::string, std::string> FilesOf(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().string()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

TEST_F(KithdTest, FirstStartMakesAWorkspaceItsPipelineAndItsKey) {
  KithdProcess kithd(Data());
  ASSERT_TRUE(kithd.ready());
  struct stat key;
  ASSERT_EQ(stat((Data() + "/development.key").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);

  deals::v1::GetPipelineRequest request;
  request.set_name("pipelines/default");
  deals::v1::Pipeline pipeline;
  grpc::ClientContext context;
  kithd.Authorise(&context);
  const auto stub = deals::v1::PipelinesService::NewStub(kithd.channel());
  ASSERT_TRUE(stub->GetPipeline(&context, request, &pipeline).ok());
  std::vector<int> probabilities;
  for (const auto& stage : pipeline.stages()) probabilities.push_back(stage.probability());
  EXPECT_EQ(probabilities, (std::vector<int>{5, 15, 30, 60, 80, 100, 0}));
  EXPECT_EQ(kithd.Stop(SIGINT).exit_code, 0);
}

// Goal: a client that knows nothing finds the services. Method: ListServices of the reflection
// service, as bytes.
TEST_F(KithdTest, TellsItsServicesByReflection) {
  KithdProcess kithd(Data());
  ASSERT_TRUE(kithd.ready());
  grpc::GenericStub stub(kithd.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const grpc::Slice list_services("\x3a\x01*");  // ServerReflectionRequest {list_services: "*"}
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok) << "there is no reflection service";
  grpc::Slice bytes;
  ASSERT_TRUE(reply.DumpToSingleSlice(&bytes).ok());
  EXPECT_NE(std::string(bytes.begin(), bytes.end()).find("kith.contacts.v1.ContactsService"),
            std::string::npos);
  context.TryCancel();
}

// Goal: a first start that ended after it made the workspace and before the key was on disk leaves
// a directory that the next start gives a key. Method: the files are put as they were then.
TEST_F(KithdTest, MakesAnotherKeyWhereTheFirstWasNeverKept) {
  const std::string path = Data() + "/development.key";
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(kithd.ready());
    EXPECT_FALSE(std::filesystem::exists(path + ".new")) << "finished";
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::filesystem::remove(path);
  std::ofstream(path + ".new").flush();
  {
    KithdProcess kithd(Data());
    std::string ada;
    EXPECT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::filesystem::remove(path);
  KithdProcess kithd(Data());
  EXPECT_FALSE(std::filesystem::exists(path)) << "a key that somebody took away stays away";
}

TEST_F(KithdTest, ASecondStartKeepsEverything) {
  std::string ada;
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(CreateContact(kithd, "Ada", "r1", &ada).ok());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  KithdProcess kithd(Data());
  std::string again;
  ASSERT_TRUE(CreateContact(kithd, "Ada", "r1", &again).ok());
  EXPECT_EQ(again, ada) << "a request is remembered across a restart";
}

// Goal: what was acknowledged is there after kill -9, and nothing else is counted twice.
// Method: four clients create contacts, each noting what it was told, until the server is killed
// under them.
TEST_F(KithdTest, KilledUnderLoadItLosesNothingAcknowledged) {
  std::vector<std::vector<std::string>> told(4);
  std::atomic<int> acknowledged = 0;
  {
    KithdProcess kithd(Data());
    std::vector<std::thread> clients;
    for (size_t i = 0; i < told.size(); ++i) {
      clients.emplace_back([&, i] {
        std::string name;
        for (int n = 0; CreateContact(kithd, "A", absl::StrCat(i, "-", n), &name).ok(); ++n) {
          told[i].push_back(name);
          ++acknowledged;
        }
      });
    }
    while (acknowledged < 200) std::this_thread::yield();
    kithd.Stop(SIGKILL);
    for (std::thread& client : clients) client.join();
  }
  KithdProcess kithd(Data());
  ASSERT_TRUE(kithd.ready());
  std::set<std::string> created;
  const auto events = Events(kithd);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].sequence(), static_cast<int64_t>(i + 1)) << "a hole in the sequence";
    if (events[i].type() == "contact_created") {
      EXPECT_TRUE(created.insert(events[i].stream()).second) << "twice: " << events[i].stream();
    }
  }
  for (const auto& names : told) {
    for (const std::string& name : names) {
      EXPECT_TRUE(created.contains(name)) << "acknowledged and lost: " << name;
    }
  }
}

TEST_F(KithdTest, RefusesADirectoryInUse) {
  KithdProcess first(Data());
  ASSERT_TRUE(first.ready());
  KithdProcess second(Data());
  ASSERT_FALSE(second.ready());
  ExpectOneClearLine(second.Stop(SIGTERM), "another process");
  std::string ada;
  EXPECT_TRUE(CreateContact(first, "Ada", "", &ada).ok()) << "the first goes on";
}

TEST_F(KithdTest, RefusesAPortInUse) {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  KithdProcess kithd(Data(), {"--listen=127.0.0.1:" + port});
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), port + ": Address already in use; stop what has that");
  close(taken);
}

TEST_F(KithdTest, RefusesALimitThatLetsNobodyIn) {
  for (const std::string flag : {"--read_threads=0", "--max_calls=-3", "--max_reply_bytes=0"}) {
    KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", flag});
    ASSERT_FALSE(kithd.ready());
    ExpectOneClearLine(kithd.Stop(SIGTERM), flag + " must be at least 1", 2);
  }
}

// Goal: what would fail at the first mail, hours later, is said at the start, with what to do.
TEST_F(KithdTest, RefusesFilesThatCannotBeRead) {
  std::ofstream(folder_.path() + "/empty") << "\n";
  const std::string none = folder_.path() + "/none";
  const std::vector<std::string> smtp = {"--smtp_url=smtp://mail.example.com",
                                         "--smtp_from=crm@acme.example"};
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--smtp_ca_file=" + none}, none + " cannot be read: No such file"},
      {{"--smtp_ca_file=" + folder_.path()}, " cannot be read: Is a directory"},
      {{"--smtp_user=crm", "--smtp_password_file=" + none}, none + " cannot be read: No such file"},
      {{"--smtp_user=crm", "--smtp_password_file=" + folder_.path() + "/empty"},
       "/empty has no password in its first line"},
      {{"--webhook_ca_file=" + none}, none + " cannot be read: No such file"}};
  for (const auto& [flags, why] : cases) {
    std::vector<std::string> all = smtp;
    all.insert(all.end(), flags.begin(), flags.end());
    KithdProcess kithd(Data(), all);
    ASSERT_FALSE(kithd.ready()) << why;
    ExpectOneClearLine(kithd.Stop(SIGTERM), why, 2);
  }
  EXPECT_FALSE(std::filesystem::exists(Data())) << "nothing was written";
}

TEST_F(KithdTest, RefusesTimesAndRatesThatNothingCanKeepTo) {
  for (const auto& [flag, why] : std::map<std::string, std::string>{
           {"--handshake=0", "--handshake=0 is between 1ms and 720h"},
           {"--idle_connection=-1s", "--idle_connection=-1s is between 1ms and 720h"},
           {"--events_per_second_per_key=-5", "=-5 must be at least 0"},
           {"--max_blob_bytes_per_day=-1", "=-1 must be at least 0"}}) {
    KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", flag});
    ASSERT_FALSE(kithd.ready()) << flag;
    ExpectOneClearLine(kithd.Stop(SIGTERM), why, 2);
  }
}

TEST_F(KithdTest, RefusesAPortThatIsNone) {
  for (const std::string flag : {"--listen=127.0.0.1:99999", "--listen=127.0.0.1:-1",
                                 "--http=127.0.0.1:65536", "--metrics=127.0.0.1:abc"}) {
    KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", flag});
    ASSERT_FALSE(kithd.ready()) << flag;
    ExpectOneClearLine(kithd.Stop(SIGTERM), flag + " has no port from 0 to 65535", 2);
  }
}

// Keys go with every call: whoever is in between would read them.
TEST_F(KithdTest, IsBeyondLoopbackWithTlsOrWhereItIsToldTo) {
  for (const std::vector<std::string>& flags : {std::vector<std::string>{"--listen=0.0.0.0:0"},
                                                {"--listen=:0"},
                                                {"--listen=127.0.0.1:0", "--http=[::]:0"},
                                                {"--listen=127.0.0.1:0", "--metrics=0.0.0.0:0"},
                                                {"--listen=127.0.0.1:0", "--metrics=0"}}) {
    KithdProcess kithd(Data(), flags);
    ASSERT_FALSE(kithd.ready()) << flags.back();
    ExpectOneClearLine(kithd.Stop(SIGTERM), flags.back() + " is beyond loopback, and without TLS");
    EXPECT_FALSE(std::filesystem::exists(Data())) << "nothing was written";
  }
  KithdProcess told(Data(), {"--listen=0.0.0.0:0", "--http=:0", "--allow_plaintext"});
  EXPECT_TRUE(told.ready());
  EXPECT_EQ(told.Stop(SIGTERM).exit_code, 0);
  KithdProcess local(Data(), {"--listen=localhost:0", "--http=[::1]:0"});
  EXPECT_TRUE(local.ready());
}

TEST_F(KithdTest, AnswersOverTls) {
  const CertificateAuthority authority;
  const Certificate own = authority.Issue();
  const std::vector<std::string> flags = {"--listen=0.0.0.0:0", "--http=0.0.0.0:0",
                                          "--tls_cert=" + folder_.path() + "/cert.pem",
                                          "--tls_key=" + folder_.path() + "/key.pem"};
  ReplaceFile(folder_.path() + "/cert.pem", own.cert);
  {
    KithdProcess without_key(Data(), flags);
    ASSERT_FALSE(without_key.ready());
    ExpectOneClearLine(without_key.Stop(SIGTERM), "key.pem cannot be read");
    EXPECT_FALSE(std::filesystem::exists(Data())) << "nothing was written";
  }
  ReplaceFile(folder_.path() + "/key.pem", own.key);
  KithdProcess kithd(Data(), flags);
  ASSERT_TRUE(kithd.ready());
  const std::string port = kithd.address().substr(kithd.address().rfind(':'));
  const auto stub = contacts::v1::ContactsService::NewStub(grpc::CreateChannel(
      "127.0.0.1" + port, grpc::SslCredentials({.pem_root_certs = authority.cert()})));
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  contacts::v1::Contact contact;
  grpc::ClientContext context;
  kithd.Authorise(&context);
  EXPECT_TRUE(stub->CreateContact(&context, request, &contact).ok());
  // And to kith, which trusts whom it is told to trust.
  ReplaceFile(folder_.path() + "/ca.pem", authority.cert());
  const auto kith = [&](const std::string& flags) {
    return std::system(absl::StrCat(KITH_PATH, " contacts list --address 127.0.0.1", port,
                                    " --key-file ", Data(), "/development.key ", flags, " >",
                                    Data(), ".kith 2>&1")
                           .c_str());
  };
  EXPECT_EQ(kith("--tls-ca " + folder_.path() + "/ca.pem"), 0);
  ReplaceFile(folder_.path() + "/ca.pem", CertificateAuthority().cert());
  EXPECT_NE(kith("--tls-ca " + folder_.path() + "/ca.pem"), 0);
  EXPECT_NE(kith(""), 0);
  EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
}

TEST_F(KithdTest, RefusesHalfOfWhatTlsOrTokensNeed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--tls_cert=c"}, "--tls_cert and --tls_key go together"},
      {{"--tls_key=k"}, "--tls_cert and --tls_key go together"},
      {{"--tls_client_ca=a"}, "--tls_client_ca needs --tls_cert and --tls_key"},
      {{"--tls_cert=c", "--tls_key=k", "--tls_require_client_cert"},
       "--tls_require_client_cert needs --tls_client_ca"},
      {{"--tls_client_keys=k"}, "--tls_client_keys needs --tls_client_ca"},
      {{"--jwks=j", "--jwt_issuer=i"}, "--jwks, --jwt_issuer and --jwt_audience go together"},
      {{"--jwks=j", "--jwt_issuer=i", "--jwt_audience=a", "--jwt_clock_skew=2h"},
       "--jwt_clock_skew is between 0 and 1h"}};
  for (const auto& [flags, why] : cases) {
    KithdProcess kithd(Data(), flags);
    ASSERT_FALSE(kithd.ready());
    ExpectOneClearLine(kithd.Stop(SIGTERM), why, 2);
  }
}

TEST_F(KithdTest, RefusesToBeginOnAFullDisk) {
  // No disk has so much: to kithd any disk is full.
  KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", "--min_free_bytes=9000000000000000000"});
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), "make room");
  EXPECT_FALSE(std::filesystem::exists(Data() + "/log")) << "nothing was written";
}

TEST_F(KithdTest, AFullDiskRefusesChangesAndStillReads) {
  std::string ada;
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
  }
  KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", "--min_free_bytes=9000000000000000000"});
  ASSERT_TRUE(kithd.ready());
  EXPECT_EQ(Events(kithd).back().stream(), ada);
  std::string bob;
  const grpc::Status refused = CreateContact(kithd, "Bob", "", &bob);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << refused.error_message();
  for (const char* part : {"disk", "data directory is full", "Make room"}) {
    EXPECT_NE(refused.error_message().find(part), std::string::npos) << refused.error_message();
  }
}

// A file system of so many bytes in the folder, as long as the object lives.
class SmallDisk {
 public:
  SmallDisk(const std::string& path, const std::string& size) : path_(path) {
    std::filesystem::create_directories(path);
    is_mounted_ =
        mount("tmpfs", path.c_str(), "tmpfs", 0, absl::StrCat("size=", size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool is_mounted() const { return is_mounted_; }

  // Takes every byte that is free.
  void Fill() const {
    std::ofstream file(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void Empty() const { std::filesystem::remove(path_ + "/filler"); }
  bool MakeReadOnly() const {
    return mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  const std::string path_;
  bool is_mounted_ = false;
};

// Goal: no disk, however full, ends kithd, or keeps it from ending. Method: one of 192 MiB that
// somebody else fills to the last byte, empties and fills again.
TEST_F(KithdTest, ADiskThatFillsAndEmptiesEndsNothing) {
  const SmallDisk disk(folder_.path() + "/disk", "192m");
  if (!disk.is_mounted()) GTEST_SKIP() << "file systems may not be mounted here";
  const std::string data = folder_.path() + "/disk/data";
  std::string ada;
  {
    KithdProcess kithd(data, {"--listen=127.0.0.1:0", "--min_free_bytes=33554432"});
    ASSERT_TRUE(kithd.ready());
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
    disk.Fill();
    std::string bob;
    // The first may still find room that the log has reserved; or its outcome is unknown.
    (void)CreateContact(kithd, "Bob", "bob", &bob);
    const grpc::Status refused = CreateContact(kithd, "Bob", "bob again", &bob);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
        << refused.error_message();
    EXPECT_GE(Events(kithd).size(), 2u);
    disk.Empty();
    grpc::Status created;
    do {
      created = CreateContact(kithd, "Bob", "bob again", &bob);
    } while (created.error_code() ==
             grpc::StatusCode::UNAVAILABLE);  // recovers from a failed write
    EXPECT_TRUE(created.ok()) << created.error_message();
    disk.Fill();
    const Ended ended = kithd.Stop(SIGTERM);
    EXPECT_EQ(ended.exit_code, 0) << ended.stderr_text;
  }
  disk.Empty();
  KithdProcess kithd(data);
  ASSERT_TRUE(kithd.ready());
  EXPECT_GE(Events(kithd).size(), 3u);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    EXPECT_NE(entry.path().filename().string().substr(0, 3), "LOG") << entry.path();
  }
}

// A disk that fails becomes one by itself.
TEST_F(KithdTest, RefusesADiskThatIsReadOnly) {
  const SmallDisk disk(Data(), "400m");
  const SmallDisk empty(folder_.path() + "/empty", "400m");
  if (!disk.is_mounted() || !empty.is_mounted()) {
    GTEST_SKIP() << "file systems may not be mounted here";
  }
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(kithd.ready());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  ASSERT_TRUE(disk.MakeReadOnly() && empty.MakeReadOnly());
  for (const std::string& data : {Data() + "/log", folder_.path() + "/empty/log.new"}) {
    KithdProcess kithd(std::filesystem::path(data).parent_path().string());
    ASSERT_FALSE(kithd.ready()) << data;
    ExpectOneClearLine(kithd.Stop(SIGTERM), data + " is on a disk that is mounted to be read only");
  }
}

TEST_F(KithdTest, WritesNothingThatOthersMayRead) {
  {
    KithdProcess kithd(Data());
    std::string ada;
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Data())) {
    EXPECT_EQ(entry.status().permissions() & others, std::filesystem::perms::none) << entry.path();
  }
  // One of an earlier version is closed to others when it is opened.
  std::filesystem::permissions(Data() + "/views", std::filesystem::perms::all);
  KithdProcess kithd(Data());
  ASSERT_TRUE(kithd.ready());
  EXPECT_EQ(std::filesystem::status(Data() + "/views").permissions() & others,
            std::filesystem::perms::none);
}

TEST_F(KithdTest, RefusesAFolderOfOtherFilesAndWritesNothingIntoIt) {
  std::filesystem::create_directories(Data());
  std::ofstream(Data() + "/letter.txt") << "Dear Ada";
  KithdProcess kithd(Data());
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), "letter.txt");
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Data())) {
    files += entry.exists() ? 1 : 0;
  }
  EXPECT_EQ(files, 1u);
}

TEST_F(KithdTest, MakesNoKeyOfADirectoryWithoutALog) {
  KithdProcess kithd(Data(), {"--listen=127.0.0.1:0", "--new_operator_key"});
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), "--new_operator_key needs a data directory with a log");
  EXPECT_FALSE(std::filesystem::exists(Data()));
}

TEST_F(KithdTest, RefusesADirectoryThatLostItsLog) {
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(kithd.ready());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::filesystem::remove_all(Data() + "/log");
  KithdProcess kithd(Data());
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), "has no log any more");
  EXPECT_FALSE(std::filesystem::exists(Data() + "/log"));
}

// Goal: who restores the log and forgets its keys is told so, and has no others made, under which
// the right ones would be refused. Method: once with all else that stands beside the log, of which
// not a byte may change, and once with the log alone.
TEST_F(KithdTest, RefusesALogWithoutItsKeys) {
  std::string ada;
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::filesystem::rename(Data() + "/keys", folder_.path() + "/keys");
  const std::map<std::string, std::string> before = FilesOf(Data());
  {
    KithdProcess kithd(Data());
    ASSERT_FALSE(kithd.ready());
    ExpectOneClearLine(kithd.Stop(SIGTERM), Data() + "/keys is missing");
  }
  EXPECT_EQ(FilesOf(Data()), before);
  for (const char* name :
       {"/durable.mark", "/settled", "/views", "/key_uses", "/blobs", "/development.key"}) {
    std::filesystem::remove_all(Data() + name);
  }
  {
    KithdProcess kithd(Data());
    ASSERT_FALSE(kithd.ready());
    ExpectOneClearLine(kithd.Stop(SIGTERM), Data() + "/keys is missing");
  }
  EXPECT_FALSE(std::filesystem::exists(Data() + "/keys"));
  std::filesystem::rename(folder_.path() + "/keys", Data() + "/keys");
  const KithdProcess kithd(Data());
  EXPECT_TRUE(kithd.ready());
}

TEST_F(KithdTest, RefusesKeysThatAreDamaged) {
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(kithd.ready());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::ofstream(Data() + "/keys", std::ios::trunc) << "Dear Ada";
  KithdProcess kithd(Data());
  ASSERT_FALSE(kithd.ready());
  const Ended ended = kithd.Stop(SIGTERM);
  ExpectOneClearLine(ended, Data() + "/keys: The key file is damaged");
  EXPECT_NE(ended.stderr_text.find("Restore it from its backup"), std::string::npos);
}

TEST_F(KithdTest, RefusesADirectoryThatIsNotItsOwn) {
  std::filesystem::create_directories(Data() + "/log");
  std::ofstream(Data() + "/log/letter.txt") << "Dear Ada";
  KithdProcess kithd(Data());
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), Data());
  std::string text;
  std::getline(std::ifstream(Data() + "/log/letter.txt"), text);
  EXPECT_EQ(text, "Dear Ada");
}

// Where kithd says that a file may be deleted, that is enough.
TEST_F(KithdTest, StartsWhenItsAdviceToDeleteAFileIsFollowed) {
  std::string ada;
  {
    KithdProcess kithd(Data());
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &ada).ok());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  for (const char* file : {"/durable.mark", "/settled", "/log/kith.files"}) {
    const std::string path = Data() + file;
    std::ofstream(path, std::ios::trunc) << std::string(200, 'x');
    {
      KithdProcess refused(Data());
      ASSERT_FALSE(refused.ready()) << file;
      const Ended ended = refused.Stop(SIGTERM);
      ExpectOneClearLine(ended, path);
      EXPECT_NE(ended.stderr_text.find("delete th"), std::string::npos) << ended.stderr_text;
    }
    std::filesystem::remove(path);
    KithdProcess kithd(Data());
    ASSERT_TRUE(kithd.ready()) << file;
    const std::vector<events::v1::Event> events = Events(kithd);
    EXPECT_EQ(events.back().stream(), ada) << file;
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
}

// A process begins with a limit that both databases and a thousand connections reach.
TEST_F(KithdTest, MayOpenAsManyFilesAsItCanBeLetTo) {
  rlimit usual{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit low{usual.rlim_max / 2, usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const KithdProcess kithd(Data());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  ASSERT_TRUE(kithd.ready());
  rlimit its{};
  ASSERT_EQ(prlimit(kithd.pid(), RLIMIT_NOFILE, nullptr, &its), 0);
  EXPECT_EQ(its.rlim_cur, usual.rlim_max);
}

TEST_F(KithdTest, RefusesALogWhoseFilesAreDamaged) {
  {
    KithdProcess kithd(Data());
    std::string name;
    ASSERT_TRUE(CreateContact(kithd, "Ada", "", &name).ok());
    EXPECT_EQ(kithd.Stop(SIGTERM).exit_code, 0);
  }
  std::ofstream(Data() + "/log/CURRENT", std::ios::trunc) << "MANIFEST-999999\n";
  KithdProcess kithd(Data());
  ASSERT_FALSE(kithd.ready());
  ExpectOneClearLine(kithd.Stop(SIGTERM), Data());
}

}  // namespace
}  // namespace kith::testing
