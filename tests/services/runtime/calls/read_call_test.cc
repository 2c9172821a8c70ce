// A read that waits: what it found when it came may be otherwise when its turn comes.
#include "services/runtime/calls/read_call.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "google/protobuf/arena.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/calls/method_table.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

// Carries a GetContact of the owner that must have seen `after`, without a transport.
class HeldGet final : public UnaryCarrier {
 public:
  HeldGet(PersonServer& server, const std::string& name, Position after) : after_(after) {
    request_.set_name(name);
    const UnaryMethod* const method =
        server.methods().FindUnary("kith.contacts.v1.ContactsService/GetContact");
    call_ = method->NewCall(&arena_, *this);
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

 private:
  absl::string_view Metadata(const char* key) const override {
    return absl::string_view(key) == "authorization" ? "Bearer owner" : "";
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
              const google::protobuf::Message&) override {
    MutexLock lock(mutex_);
    status_ = status;
    ended_ = true;
    changed_.NotifyAll();
  }

  const Position after_;
  contacts::v1::GetContactRequest request_;
  google::protobuf::Arena arena_;
  UnaryCall* call_ = nullptr;
  Mutex mutex_;
  CondVar changed_;
  absl::Status status_ KITH_GUARDED_BY(mutex_);
  bool ended_ KITH_GUARDED_BY(mutex_) = false;
};

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
    HeldGet get(server, ada.name(), server.runtime().log.head());
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
