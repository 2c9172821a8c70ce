#include "services/events/subscription.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <map>

#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/log/token.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/reads/read_position.h"
#include "tests/services/events/events_fixture.h"
#include "tests/testing/histories.h"

namespace kith::events {
namespace {

using ::testing::ElementsAre;

class SubscribeEvents : public EventsTest {
 protected:
  std::unique_ptr<Subscription> Subscribe(const v1::SubscribeEventsRequest& request = {}) {
    auto opened =
        Subscription::Open({*log_, registry_, *renderer_, clock_, options_}, kOurs, request);
    KITH_CHECK(opened.ok());
    return *std::move(opened);
  }
  absl::Status Refused(const v1::SubscribeEventsRequest& request) {
    return Subscription::Open({*log_, registry_, *renderer_, clock_, options_}, kOurs, request)
        .status();
  }

  // What the subscriber is told until there is nothing more to tell now: the names of events,
  // "caught up 3", "checkpoint 3", "heartbeat 0". Keeps the last token.
  std::vector<std::string> Told(Subscription& subscription) {
    std::vector<std::string> told;
    for (;;) {
      v1::SubscribeEventsResponse response;
      const auto next = subscription.Fill(&response);
      KITH_CHECK(next.ok());
      if (*next == Subscription::Next::kIdle) {
        if (!PausesOnly(subscription)) return told;
        continue;
      }
      switch (response.message_case()) {
        case v1::SubscribeEventsResponse::kEvents:
          for (const v1::Event& event : response.events().events()) {
            told.push_back(NameOf(event));
            token_ = event.token();
          }
          break;
        case v1::SubscribeEventsResponse::kCaughtUp:
          told.push_back(absl::StrCat("caught up ", response.caught_up().sequence()));
          break;
        case v1::SubscribeEventsResponse::kCheckpoint:
          told.push_back(absl::StrCat("checkpoint ", response.checkpoint().sequence()));
          token_ = response.checkpoint().token();
          break;
        case v1::SubscribeEventsResponse::kHeartbeat:
          told.push_back(absl::StrCat("heartbeat ", response.heartbeat().lag_events()));
          break;
        case v1::SubscribeEventsResponse::MESSAGE_NOT_SET:
          ADD_FAILURE() << "an empty message";
      }
    }
  }

  v1::SubscribeEventsRequest From(const std::string& token) {
    v1::SubscribeEventsRequest request;
    request.set_token(token);
    return request;
  }

  SubscriptionOptions options_;
  std::string token_;

 private:
  // A pause wakes at once; a subscription that waits for the log does not, as nothing is appended.
  static bool PausesOnly(Subscription& subscription) {
    auto woken = std::make_shared<std::atomic<bool>>(false);
    subscription.Wake([woken] { *woken = true; });
    return *woken;
  }
};

TEST_F(SubscribeEvents, TellsWhatStandsThereThenThatItCaughtUpThenWhatFollows) {
  Create("contacts/1");
  Create("contacts/2");
  const auto subscription = Subscribe();
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/1@1", "contacts/2@1", "caught up 2"));
  Delete("contacts/1");
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/1@2"));
}

TEST_F(SubscribeEvents, TellsNothingOfOtherWorkspaces) {
  Create("contacts/1", kTheirs);
  Create("contacts/2");
  const auto subscription = Subscribe();
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/2@1", "caught up 1"));
  Create("contacts/3", kTheirs);
  Create("contacts/4");
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/4@1"));
}

TEST_F(SubscribeEvents, LeavesNoGapWhereItGoesFromWhatStoodThereToWhatFollows) {
  Create("contacts/1");
  const auto subscription = Subscribe();
  Create("contacts/2");  // after the subscription was opened, before it was read
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/1@1", "contacts/2@1", "caught up 2"));
}

TEST_F(SubscribeEvents, ResumesAfterAnEventAlsoWhenTheServerWasRestarted) {
  Create("contacts/1");
  Told(*Subscribe());
  const std::string after_first = token_;
  Create("contacts/2");
  Open();
  const auto resumed = Subscribe(From(after_first));
  EXPECT_THAT(Told(*resumed), ElementsAre("contacts/2@1", "caught up 2"));
  Create("contacts/3");
  EXPECT_THAT(Told(*resumed), ElementsAre("contacts/3@1"));
}

TEST_F(SubscribeEvents, BeginsAtASequence) {
  Create("contacts/1");
  Create("contacts/2", kTheirs);
  Create("contacts/3");
  v1::SubscribeEventsRequest request;
  request.set_sequence(2);
  EXPECT_THAT(Told(*Subscribe(request)), ElementsAre("contacts/3@1", "caught up 2"));
  request.set_sequence(3);
  EXPECT_THAT(Told(*Subscribe(request)), ElementsAre("caught up 2"));
  request.set_sequence(4);
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_OUT_OF_RANGE)) << Refused(request);
}

TEST_F(SubscribeEvents, BeginsAtATimeAlsoOneThatIsYetToCome) {
  Create("contacts/1");
  clock_.Advance(absl::Minutes(1));
  v1::SubscribeEventsRequest request;
  *request.mutable_time() = ToTimestamp(clock_.Now());
  Create("contacts/2");
  EXPECT_THAT(Told(*Subscribe(request)), ElementsAre("contacts/2@1", "caught up 2"));

  *request.mutable_time() = ToTimestamp(clock_.Now() + absl::Minutes(1));
  const auto later = Subscribe(request);
  EXPECT_THAT(Told(*later), ElementsAre("caught up 2"));
  Create("contacts/3");
  clock_.Advance(absl::Minutes(1));
  Create("contacts/4");
  EXPECT_EQ(Told(*later).front(), "contacts/4@1");
}

TEST_F(SubscribeEvents, BeginsNow) {
  Create("contacts/1");
  v1::SubscribeEventsRequest request;
  request.set_now(true);
  const auto subscription = Subscribe(request);
  EXPECT_THAT(Told(*subscription), ElementsAre("caught up 1"));
  Create("contacts/2");
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/2@1"));
}

TEST_F(SubscribeEvents, RefusesATokenThatIsNotOfThisLog) {
  Create("contacts/1");
  const std::string other_store = eventstore::SealToken(
      eventstore::TokenSealer(eventstore::SecretKey()), {log_->epoch(), Position(1)});
  const std::string other_epoch =
      eventstore::SealToken(log_->token_sealer(), {log_->epoch() + 1, Position(1)});
  const std::string future = runtime::TokenAt(*log_, Position(1000));
  for (const std::string& token : {std::string("nonsense"), other_store, other_epoch, future}) {
    const absl::Status refused = Refused(From(token));
    EXPECT_TRUE(IsError(refused, type::v1::ERROR_INVALID_TOKEN)) << refused;
  }
}

TEST_F(SubscribeEvents, GivesACheckpointAfterManyEventsThatTheFilterPassedOver) {
  options_.checkpoint_events = 3;
  v1::SubscribeEventsRequest request;
  request.mutable_filter()->add_types("contact_deleted");
  for (int i = 0; i < 4; ++i) Create(absl::StrCat("contacts/", i));
  const auto subscription = Subscribe(request);
  EXPECT_THAT(Told(*subscription), ElementsAre("checkpoint 3", "caught up 4"));
  const std::string checkpoint = token_;
  Delete("contacts/1");
  EXPECT_THAT(Told(*subscription), ElementsAre("contacts/1@2"));
  // From the checkpoint on, only what was passed over or told after it comes again.
  v1::SubscribeEventsRequest again = From(checkpoint);
  EXPECT_THAT(Told(*Subscribe(again)), ElementsAre("contacts/3@1", "contacts/1@2", "caught up 5"));
}

TEST_F(SubscribeEvents, GivesACheckpointAfterSomeTimeIfSomethingWasPassedOver) {
  v1::SubscribeEventsRequest request;
  request.mutable_filter()->add_types("contact_deleted");
  const auto subscription = Subscribe(request);
  Create("contacts/1");
  EXPECT_THAT(Told(*subscription), ElementsAre("caught up 1"));
  clock_.Advance(options_.checkpoint_interval);
  EXPECT_THAT(Told(*subscription), ElementsAre("checkpoint 1"));
  clock_.Advance(options_.checkpoint_interval);
  EXPECT_THAT(Told(*subscription), ElementsAre("heartbeat 0")) << "nothing was passed over since";
}

TEST_F(SubscribeEvents, GivesAHeartbeatWhenItHadNothingToSayForLong) {
  const auto subscription = Subscribe();
  EXPECT_THAT(Told(*subscription), ElementsAre("caught up 0"));
  EXPECT_EQ(subscription->IdleMax(), options_.heartbeat_interval);
  clock_.Advance(options_.heartbeat_interval - absl::Milliseconds(5));
  EXPECT_THAT(Told(*subscription), ElementsAre());
  EXPECT_EQ(subscription->IdleMax(), absl::Milliseconds(5));
  clock_.Advance(absl::Milliseconds(5));
  EXPECT_THAT(Told(*subscription), ElementsAre("heartbeat 0"));
  EXPECT_EQ(subscription->IdleMax(), options_.heartbeat_interval);
}

// What is due is due when that much time has passed, and neither sooner nor later where the time of
// day is set.
TEST_F(SubscribeEvents, GivesWhatIsDueInTimeWhateverTheTimeOfDayIsSetTo) {
  v1::SubscribeEventsRequest request;
  request.mutable_filter()->add_types("contact_deleted");
  const auto subscription = Subscribe(request);
  Create("contacts/1");
  EXPECT_THAT(Told(*subscription), ElementsAre("caught up 1"));
  clock_.Jump(absl::Hours(3));
  EXPECT_THAT(Told(*subscription), ElementsAre());
  EXPECT_EQ(subscription->IdleMax(),
            std::min(options_.checkpoint_interval, options_.heartbeat_interval));
  clock_.Jump(-absl::Hours(6));
  clock_.Advance(options_.checkpoint_interval);
  EXPECT_THAT(Told(*subscription), ElementsAre("checkpoint 1"));
  clock_.Jump(-absl::Hours(6));
  clock_.Advance(options_.heartbeat_interval);
  EXPECT_THAT(Told(*subscription), ElementsAre("heartbeat 0"));
}

TEST_F(SubscribeEvents, WakesWhenSomethingIsAppended) {
  const auto subscription = Subscribe();
  Told(*subscription);
  Mutex mutex;
  CondVar changed;
  bool woken = false;
  subscription->Wake([&] {
    MutexLock lock(mutex);
    woken = true;
    changed.NotifyAll();
  });
  Create("contacts/1");
  MutexLock lock(mutex);
  while (!woken) changed.Wait(mutex);
}

TEST_F(SubscribeEvents, ShowsWhatWasErasedAsErased) {
  Create("contacts/1");
  ASSERT_TRUE(keys_->Destroy(kOurs, "contacts/1").ok());
  v1::SubscribeEventsResponse response;
  ASSERT_TRUE(Subscribe()->Fill(&response).ok());
  ASSERT_EQ(response.events().events_size(), 1);
  EXPECT_TRUE(response.events().events(0).erased());
}

// Goal: nobody misses an event or gets one twice, however appends, reads, disconnections and
// restarts interleave. Method: a random history against what the log holds in the end.
TEST_F(SubscribeEvents, TellsEveryEventThatPassesExactlyOnceInAnyHistory) {
  options_.checkpoint_events = 3;
  const auto held = [this] {
    OpenEmpty();
    token_.clear();
    v1::EventFilter filter;
    if (*rc::gen::arbitrary<bool>()) filter.add_types("contact_deleted");
    const auto subscribe = [&] {
      v1::SubscribeEventsRequest request;
      if (!token_.empty()) request.set_token(token_);
      *request.mutable_filter() = filter;
      return Subscribe(request);
    };

    std::unique_ptr<Subscription> subscription;
    std::vector<std::string> told;
    const auto listen = [&] {
      if (subscription == nullptr) subscription = subscribe();
      for (std::string& what : Told(*subscription)) {
        if (what.find('@') != std::string::npos) told.push_back(std::move(what));
      }
    };
    std::map<std::string, int> revisions;
    std::vector<std::string> expected;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12))) {
      if (step == 11) {
        subscription = nullptr;
        Open();
      } else if (step == 10) {
        subscription = nullptr;
      } else if (step == 9) {
        listen();
      } else if (step == 8) {
        if (subscription == nullptr) subscription = subscribe();
      } else {
        const bool ours = step % 3 != 0;
        const bool deletes = step % 2 == 0;
        const std::string name = absl::StrCat("contacts/", ours ? step : 0);
        const WorkspaceId workspace = ours ? kOurs : kTheirs;
        deletes ? Delete(name, workspace) : Create(name, workspace);
        if (!ours) continue;
        const int revision = ++revisions[name];
        if (filter.types().empty() || deletes) {
          expected.push_back(absl::StrCat(name, "@", revision));
        }
      }
    }
    listen();
    subscription = nullptr;
    RC_ASSERT(told == expected);
  };
  EXPECT_TRUE(testing::HoldsForHistories("a subscriber is told everything exactly once", held));
}

}  // namespace
}  // namespace kith::events
