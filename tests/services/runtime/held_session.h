// HeldSession: a session without a transport. A test gives it messages when it reads, and takes
// what it writes when the test wants to, or never.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "google/protobuf/arena.h"
#include "gtest/gtest.h"
#include "kith/sessions/v1/sessions_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {

// The test is one thread; the session tells it things on any.
class HeldSession final : public StreamCarrier {
 public:
  using Request = sessions::v1::RunSessionRequest;
  using Response = sessions::v1::RunSessionResponse;

  HeldSession(PersonServer& server, const std::string& credentials)
      : authorization_(absl::StrCat("Bearer ", credentials)) {
    const BoundMethod& method =
        *server.methods().methods().at("kith.sessions.v1.SessionsService.RunSession");
    call_ = dynamic_cast<const StreamedMethod&>(method).NewCall(&arena_, *this);
    call_->Begin();
  }
  // Hangs up, and waits for its end.
  ~HeldSession() override {
    if (!hung_up_) HangUp();
    AwaitEnd();
    if (is_reading()) call_->Arrived(false);
  }

  // Waits until it reads, and gives it this.
  void Give(Request message) {
    {
      MutexLock lock(mutex_);
      while (!reading_) changed_.Wait(mutex_);
      reading_ = false;
    }
    message_ = std::move(message);
    call_->Arrived(true);
  }
  // Waits for a write, takes it, and keeps the outcomes in `told`.
  Response Take() {
    Response taken;
    {
      MutexLock lock(mutex_);
      while (!writing_) changed_.Wait(mutex_);
      writing_ = false;
      taken = written_;
    }
    for (const auto& outcome : taken.outcomes()) told.emplace(outcome.id(), outcome);
    call_->Written(true);
    return taken;
  }
  // Takes until so many outcomes were told.
  void TakeUntil(size_t count) {
    while (told.size() < count) Take();
  }
  void HangUp() {
    hung_up_ = true;
    bool was_writing = false;
    {
      MutexLock lock(mutex_);
      was_writing = std::exchange(writing_, false);
    }
    call_->Cancelled();
    if (was_writing) call_->Written(false);
  }
  void AwaitEnd() {
    MutexLock lock(mutex_);
    while (!ended_) changed_.Wait(mutex_);
  }
  bool is_reading() const {
    MutexLock lock(mutex_);
    return reading_;
  }
  bool is_writing() const {
    MutexLock lock(mutex_);
    return writing_;
  }

  std::multimap<uint64_t, Response::Outcome> told;

  absl::string_view Metadata(const char* key) const override {
    return absl::string_view(key) == "authorization" ? authorization_ : absl::string_view();
  }
  absl::Duration time_left() const override { return absl::InfiniteDuration(); }
  bool IsCancelled() const override { return hung_up_; }
  void AddReplyMetadata(const char*, std::string) override {}
  void StartRead() override {
    MutexLock lock(mutex_);
    reading_ = true;
    changed_.NotifyAll();
  }
  bool Read(google::protobuf::Message* message) override {
    message->CopyFrom(message_);
    return true;
  }
  size_t ReadBytes() const override { return message_.ByteSizeLong(); }
  void StartWrite(const google::protobuf::Message& message) override {
    MutexLock lock(mutex_);
    written_.CopyFrom(message);
    writing_ = true;
    changed_.NotifyAll();
  }
  void Finish(const absl::Status&) override {
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.NotifyAll();
  }

 private:
  const std::string authorization_;
  google::protobuf::Arena arena_;
  StreamedCall* call_ = nullptr;
  Request message_;
  std::atomic<bool> hung_up_ = false;
  mutable Mutex mutex_;
  CondVar changed_;
  bool reading_ KITH_GUARDED_BY(mutex_) = false;
  bool writing_ KITH_GUARDED_BY(mutex_) = false;
  bool ended_ KITH_GUARDED_BY(mutex_) = false;
  Response written_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
