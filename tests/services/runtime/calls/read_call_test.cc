// A read that waits: what it found when it came may be otherwise when its turn comes.
#include "services/runtime/calls/read_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "google/protobuf/arena.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/calls/method_table.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using ::testing::ElementsAre;

// Carries a read of the owner that must have seen `after`, without a transport.
template <class Request, class Response>
class HeldRead final : public UnaryCarrier {
 public:
  HeldRead(PersonServer& server, const std::string& method, Request request, Position after)
      : after_(after), request_(std::move(request)) {
    call_ = server.methods()
                .FindUnary("kith.contacts.v1.ContactsService/" + method)
                ->NewCall(&arena_, *this);
    call_->Begin();
    call_->Arrived(true);
  }

  bool ended() {
    MutexLock lock(mutex_);
    return ended_;
  }
  // Waits for the end.
  absl::Status Await() {
    MutexLock lock(mutex_);
    while (!ended_) changed_.Wait(mutex_);
    return status_;
  }
  const Response& response() const { return response_; }  // after the end

 private:
  absl::string_view Metadata(const char* key) const override {
    return absl::string_view(key) == "authorization" ? "Bearer owner" : absl::string_view();
  }
  absl::Duration time_left() const override { return absl::InfiniteDuration(); }
  bool IsCancelled() const override { return false; }
  void AddReplyMetadata(const char*, std::string) override {}
  bool HasArrived() const override { return true; }
  void StartRead() override {}
  bool Read(google::protobuf::Message* message) override {
    message->CopyFrom(request_);
    return true;
  }
  size_t ReadBytes() const override { return request_.ByteSizeLong(); }
  Position read_after() const override { return after_; }
  void Finish(const absl::Status& status, absl::string_view,
              const google::protobuf::Message& response) override {
    MutexLock lock(mutex_);
    response_.CopyFrom(response);
    status_ = status;
    ended_ = true;
    changed_.NotifyAll();
  }

  const Position after_;
  const Request request_;
  Response response_;
  google::protobuf::Arena arena_;
  UnaryCall* call_ = nullptr;
  Mutex mutex_;
  CondVar changed_;
  absl::Status status_ KITH_GUARDED_BY(mutex_);
  bool ended_ KITH_GUARDED_BY(mutex_) = false;
};

// Goal: a read of two views sees them at one position, however far one is behind the other. Method:
// one is held while the other moves on. The read answers what both have where it does not wait, and
// waits for the one that is held where it asks for what that lacks.
TEST(ReadCall, SeesSeveralViewsAtOnePosition) {
  PersonServer server;
  contacts::v1::BatchGetContactsRequest request;
  const auto create = [&](const std::string& first_name) {
    contacts::v1::CreateContactRequest creation;
    creation.mutable_contact()->set_first_name(first_name);
    contacts::v1::Contact contact;
    Call creating;
    EXPECT_TRUE(server.contacts().CreateContact(&creating, creation, &contact).ok());
    request.add_names(contact.name());
  };
  using HeldBatch =
      HeldRead<contacts::v1::BatchGetContactsRequest, contacts::v1::BatchGetContactsResponse>;
  // What each view has of all that was created.
  const auto known = [](HeldBatch& read) {
    EXPECT_TRUE(read.Await().ok());
    std::vector<std::string> names;
    for (const auto& contact : read.response().contacts()) {
      names.push_back(absl::StrJoin(contact.tags(), ","));
    }
    return names;
  };
  create("Ada");
  HeldBatch before(server, "BatchGetContacts", request, server.runtime().log.head());
  EXPECT_THAT(known(before), ElementsAre("Ada", "Ada"));

  server.view_gate.Close();
  create("Grace");
  server.view_gate.AwaitWaiting(1);
  Mutex mutex;
  CondVar changed;
  bool moved_on = false;
  server.runtime()
      .views.Find("person_names")
      .WhenAt(server.runtime().log.head(), absl::InfiniteDuration(),
              [&](const absl::Status& there) {
                EXPECT_TRUE(there.ok()) << there;
                MutexLock lock(mutex);
                moved_on = true;
                changed.NotifyAll();
              });
  {
    MutexLock lock(mutex);
    while (!moved_on) changed.Wait(mutex);
  }
  HeldBatch waiting(server, "BatchGetContacts", request, server.runtime().log.head());
  EXPECT_FALSE(waiting.ended());
  request.mutable_read()->set_any(true);
  HeldBatch any(server, "BatchGetContacts", request, Position());
  EXPECT_THAT(known(any), ElementsAre("Ada", "Ada"));
  EXPECT_FALSE(waiting.ended());
  server.view_gate.Open();
  EXPECT_THAT(known(waiting), ElementsAre("Ada,Grace", "Ada,Grace"));
}

// Goal: many reads that came while there was room for their replies, and waited, do not fill the
// memory together. Method: replies of the key become too many while the read waits for its view.
TEST(ReadCall, MakesNoReplyWhereTheyHaveBecomeTooManyWhileItWaited) {
  ServerOptions options;
  options.calls.reply_bytes_max = 600'000;
  PersonServer server(options);
  KeyUsage& usage = *server.runtime().authorizer->Authenticate("owner")->usage;
  for (const bool too_many : {false, true}) {
    server.view_gate.Close();
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    contacts::v1::Contact ada;
    Call creating;
    ASSERT_TRUE(server.contacts().CreateContact(&creating, request, &ada).ok());
    contacts::v1::GetContactRequest wanted;
    wanted.set_name(ada.name());
    HeldRead<contacts::v1::GetContactRequest, contacts::v1::Contact> get(
        server, "GetContact", wanted, server.runtime().log.head());
    server.view_gate.AwaitWaiting(1);
    EXPECT_FALSE(get.ended());
    const int64_t bytes = too_many ? 300'000 : 0;
    usage.reply_bytes += bytes;
    server.view_gate.Open();
    const absl::Status status = get.Await();
    EXPECT_EQ(status.ok(), !too_many) << status;
    EXPECT_EQ(IsError(status, type::v1::ERROR_LIMIT_REACHED), too_many) << status;
    usage.reply_bytes -= bytes;
  }
}

}  // namespace
}  // namespace kith::runtime
