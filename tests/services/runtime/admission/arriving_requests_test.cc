// Requests of one key that arrive: their places, who waits for one, and what ends a wait.
#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "services/runtime/admission/call_limits.h"
#include "services/runtime/calls/call.h"
#include "services/runtime/calls/method_table.h"
#include "tests/services/runtime/person_server.h"
#include "tests/testing/held_call.h"

namespace kith::runtime {
namespace {

using contacts::v1::GetContactRequest;
using testing::HeldCall;

CallLimits AtATime(int64_t requests) {
  CallLimits limits;
  limits.arriving_per_key_max = requests;
  return limits;
}

// A carrier that notes when its message is asked for.
class Reader : public Carrier {
 public:
  absl::string_view Metadata(const char*) const override { return {}; }
  absl::Duration time_left() const override { return absl::InfiniteDuration(); }
  bool IsCancelled() const override { return false; }
  void AddReplyMetadata(const char*, std::string) override {}
  void StartRead() override { ++reads; }
  bool Read(google::protobuf::Message*) override { return false; }
  size_t ReadBytes() const override { return 0; }

  void AwaitTurn(absl::Duration, absl::AnyInvocable<bool()> give_up) override {
    give_up_ = std::move(give_up);
  }
  void LimitRead(absl::Duration) override { has_limit = true; }
  bool GiveUp() { return give_up_(); }

  int reads = 0;
  bool has_limit = false;

 private:
  absl::AnyInvocable<bool()> give_up_;
};

TEST(KeyUsage, HasFewRequestsReadAtATimeAndTheOthersInTheirOrder) {
  const auto usage = std::make_shared<KeyUsage>();
  Reader readers[5];
  const auto reads = [&] {
    std::string reads;
    for (const Reader& reader : readers) reads += static_cast<char>('0' + reader.reads);
    return reads;
  };
  for (Reader& reader : readers) KeyUsage::StartRead(usage, reader, AtATime(2));
  EXPECT_EQ(reads(), "11000");
  usage->Arrived(AtATime(2));
  EXPECT_EQ(reads(), "11100");
  usage->Arrived(AtATime(2));
  usage->Arrived(AtATime(2));
  EXPECT_EQ(reads(), "11111");
  usage->Arrived(AtATime(2));
  usage->Arrived(AtATime(2));
  Reader further[3];
  for (Reader& reader : further) KeyUsage::StartRead(usage, reader, AtATime(2));
  EXPECT_EQ(further[0].reads + further[1].reads, 2);
  EXPECT_EQ(further[2].reads, 0);
}

TEST(KeyUsage, LosesNoRequestThatWaitsWhileOthersArrive) {
  const auto usage = std::make_shared<KeyUsage>();
  std::atomic<int> reads = 0;
  // One at a time is read, and has arrived as soon as it is.
  struct Arriving final : Reader {
    void StartRead() override {
      ++*all;
      usage->Arrived(AtATime(1));
    }
    KeyUsage* usage = nullptr;
    std::atomic<int>* all = nullptr;
  };
  std::vector<Arriving> readers(4 * 500);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 500; ++i) {
        Arriving& reader = readers[thread * 500 + i];
        reader.usage = usage.get();
        reader.all = &reads;
        KeyUsage::StartRead(usage, reader, AtATime(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads, 2'000);
}

TEST(KeyUsage, LimitsTheSecondHalfOfThePlacesAndWhoWaited) {
  const auto usage = std::make_shared<KeyUsage>();
  Reader readers[5];
  for (Reader& reader : readers) KeyUsage::StartRead(usage, reader, AtATime(4));
  usage->Arrived(AtATime(4));
  std::string limits;
  for (const Reader& reader : readers) limits += reader.has_limit ? 'x' : '-';
  EXPECT_EQ(limits, "--xxx");
}

TEST(KeyUsage, LetsWhoWaitsTooLongGoAndKeepsTheOthersPlaces) {
  const auto usage = std::make_shared<KeyUsage>();
  Reader readers[4];
  for (Reader& reader : readers) KeyUsage::StartRead(usage, reader, AtATime(1));
  EXPECT_TRUE(readers[1].GiveUp());
  usage->Arrived(AtATime(1));  // of the one that gave up: the first is still read
  EXPECT_EQ(readers[2].reads, 0);
  usage->Arrived(AtATime(1));
  EXPECT_EQ(readers[1].reads, 0);
  EXPECT_EQ(readers[2].reads, 1);
  EXPECT_FALSE(readers[2].GiveUp());  // its turn has come
  usage->Arrived(AtATime(1));
  EXPECT_EQ(readers[3].reads, 1);
}

TEST(CallTracker, LetsNoMoreRequestsArriveForThoseThatWereThereAtOnce) {
  struct There final : Reader {
    bool HasArrived() const override { return true; }
  };
  CallLimits limits;
  limits.arriving_per_key_max = 1;
  CallTracker tracker(limits);
  const Method& method = MethodOf<GetContactRequest>();
  const auto usage = std::make_shared<KeyUsage>();
  for (int i = 0; i < 3; ++i) {
    auto share = tracker.Enter(usage, method);
    ASSERT_TRUE(share.ok());
    There there;
    share->StartRead(there);
    ASSERT_TRUE(share->Arrived(10).ok());
  }
  Reader readers[2];
  auto one = tracker.Enter(usage, method);
  auto other = tracker.Enter(usage, method);
  ASSERT_TRUE(one.ok() && other.ok());
  one->StartRead(readers[0]);
  other->StartRead(readers[1]);
  EXPECT_EQ(readers[0].reads, 1);
  EXPECT_EQ(readers[1].reads, 0);
}

std::string TryGet(PersonServer& server) {
  Call call;
  GetContactRequest request;
  request.set_name("contacts/01hxxxxxxxxxxxxxxxxxxxxxxx");
  contacts::v1::Contact contact;
  return ErrorOf(server.contacts().GetContact(&call, request, &contact));
}

constexpr char kLimit[] = "kith.type.v1/LIMIT_REACHED";

TEST(ArrivingRequests, LeaveTheirKeyItsCallsThoughTheyNeverComeWhole) {
  ServerOptions options;
  options.calls.arriving_per_key_max = 2;
  options.calls.arrival_max = absl::Milliseconds(50);
  PersonServer server(options);
  for (const char* method : {"/kith.contacts.v1.ContactsService/GetContact",
                             "/kith.events.v1.EventsService/SubscribeEvents"}) {
    SCOPED_TRACE(method);
    HeldCall kept(server.channel(), method, "owner");  // nobody needs its place yet
    EXPECT_EQ(TryGet(server), "kith.contacts.v1/CONTACT_NOT_FOUND") << "it came first";
    HeldCall slow(server.channel(), method, "owner");
    HeldCall waiting(server.channel(), method, "owner");
    EXPECT_EQ(ErrorOf(slow.End()), kLimit);
    EXPECT_EQ(ErrorOf(waiting.End()), kLimit);
    EXPECT_EQ(TryGet(server), "kith.contacts.v1/CONTACT_NOT_FOUND");
  }
}

TEST(ArrivingRequests, AreRefusedWhereTheirTurnDoesNotCome) {
  ServerOptions options;
  options.calls.arriving_per_key_max = 2;
  options.calls.arrival_max = absl::Milliseconds(50);
  PersonServer server(options);
  std::deque<HeldCall> begun;
  for (int i = 0; i < 40; ++i) {
    begun.emplace_back(server.channel(), "/kith.contacts.v1.ContactsService/GetContact", "owner");
    if (i == 0) {
      EXPECT_EQ(TryGet(server), "kith.contacts.v1/CONTACT_NOT_FOUND") << "it came first";
    }
  }
  for (int i = 1; i < 40; ++i) EXPECT_EQ(ErrorOf(begun[i].End()), kLimit) << i;
  EXPECT_EQ(TryGet(server), "kith.contacts.v1/CONTACT_NOT_FOUND");
}

}  // namespace
}  // namespace kith::runtime
