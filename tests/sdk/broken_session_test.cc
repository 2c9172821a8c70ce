// Sessions of the SDK whose connection breaks, at any byte of what they send and of what they are
// told: each call comes to one outcome, and has one effect.
//
// KITH_SESSION_SEED repeats a run, KITH_SESSION_CUTS says how many sessions there are.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "deploy/sdk/cpp/kith/session.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "tests/sdk/cutting_relay.h"
#include "tests/testing/test_server.h"

namespace kith::testing {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::UpdateContactRequest;

constexpr int kChains = 12;
constexpr int kUpdates = 3;  // of the contact of each chain

uint64_t Number(const char* variable, uint64_t otherwise) {
  const char* const given = std::getenv(variable);
  uint64_t number = otherwise;
  if (given != nullptr) KITH_CHECK(absl::SimpleAtoi(given, &number));
  return number;
}

int PortOf(const std::string& address) {
  int port = 0;
  KITH_CHECK(absl::SimpleAtoi(std::string(address.substr(address.rfind(':') + 1)), &port));
  return port;
}

// One that connects again soon, and shares its connection with nobody.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// The calls of one session: contacts that are created one after the other, and each updated and
// read when it is there; and some that are cancelled, at once or a little later.
class Calls {
 public:
  struct Told {
    std::string what;
    std::string notes;  // that a read must show
    int times = 0;
    sdk::Outcome outcome;
    Contact contact;
  };

  Calls(sdk::Session& session, const std::string& prefix) : session_(session), prefix_(prefix) {}

  void Make() {
    uint64_t before = 0;
    uint64_t unwanted = 0;
    for (int chain = 0; chain < kChains; ++chain) {
      const std::string name = absl::StrCat(prefix_, "-", chain);
      sdk::CallOptions options;
      if (before != 0) options.after.push_back(before);
      before = Create(name, options, [this, name, unwanted](const Contact& made) {
        session_.Cancel(unwanted);  // or it is told already
        Follow(name, made);
      });
      if (chain % 3 != 0) continue;
      unwanted = Create(absl::StrCat(name, "-cancelled"), options, nullptr);
      if (chain % 2 == 0) session_.Cancel(unwanted);
    }
  }
  // When the session is over.
  const std::deque<Told>& told() const { return told_; }

 private:
  using Then = std::function<void(const Contact&)>;

  uint64_t Create(const std::string& name, const sdk::CallOptions& options, Then then) {
    CreateContactRequest request;
    request.mutable_contact()->set_first_name(name);
    request.mutable_contact()->set_notes(std::string(name.size() * 20, 'n'));
    if (name.size() % 2 == 0) request.set_request_id(name);  // the others have the session's
    return Call(absl::StrCat("create ", name), "", request, options, std::move(then));
  }
  void Follow(const std::string& name, const Contact& made) {
    GetContactRequest get;
    get.set_name(made.name());
    sdk::CallOptions options;
    std::string notes = made.notes();
    Call(absl::StrCat("get ", name), "", get, options, nullptr);
    for (int i = 1; i <= kUpdates; ++i) {
      notes = absl::StrCat(name, " changed ", i);
      UpdateContactRequest update;
      update.mutable_contact()->set_name(made.name());
      update.mutable_contact()->set_notes(notes);
      update.mutable_update_mask()->add_paths("notes");
      options.after = {Call(absl::StrCat("update ", notes), notes, update, options, nullptr)};
    }
    Call(absl::StrCat("get again ", name), notes, get, options, nullptr);
  }
  uint64_t Call(const std::string& what, const std::string& notes,
                const google::protobuf::Message& request, const sdk::CallOptions& options,
                Then then) {
    Told* told = nullptr;
    {
      MutexLock lock(mutex_);
      told = &told_.emplace_back();
    }
    told->what = what;
    told->notes = notes;
    const auto done = [told, then = std::move(then)](const sdk::Outcome& outcome) {
      ++told->times;
      told->outcome = outcome;
      if (outcome.ok() && then != nullptr) then(told->contact);
    };
    return session_.Call(request, &told->contact, done, options);
  }

  sdk::Session& session_;
  const std::string prefix_;
  Mutex mutex_;
  std::deque<Told> told_;  // grows under the lock; each is its call's
};

class BrokenSession : public ::testing::Test {
 protected:
  // Runs a session over connections that break so, and looks at what became of it. How much passed,
  // to the server and to the client.
  std::pair<size_t, size_t> Run(const std::string& prefix, std::deque<CuttingRelay::Cut> cuts) {
    const int cut = static_cast<int>(cuts.size());
    CuttingRelay relay(PortOf(server_.address()), std::move(cuts));
    auto session = sdk::Session::Open(ChannelTo(relay.address()), {.key = server_.secret()});
    Calls calls(*session, prefix);
    calls.Make();
    session.reset();
    EXPECT_LE(relay.broken(), cut);
    broken_ += relay.broken();
    ExpectOneEffectEach(calls.told());
    return {relay.to_server(), relay.to_client()};
  }
  void ExpectOneEffectEach(const std::deque<Calls::Told>& told) {
    std::multiset<std::string> effects;
    int calls = 0;
    for (const Calls::Told& call : told) {
      EXPECT_EQ(call.times, 1) << call.what;
      EXPECT_FALSE(call.outcome.unknown) << call.what;
      ++calls;
      if (call.outcome.status.code() == grpc::StatusCode::CANCELLED) {
        EXPECT_NE(call.what.find("cancelled"), std::string::npos) << call.what;
        continue;
      }
      EXPECT_TRUE(call.outcome.ok()) << call.what << ": " << call.outcome.status.message();
      EXPECT_TRUE(call.notes.empty() || call.contact.notes() == call.notes)
          << call.what << ": " << call.contact.notes();
      if (call.what.rfind("get", 0) == std::string::npos) effects.insert(call.contact.name());
    }
    EXPECT_EQ(calls, kChains * (kUpdates + 3) + kChains / 3);
    std::multiset<std::string> events;
    std::set<std::string> requests;
    for (const events::v1::Event& event : NewEvents()) {
      events.insert(event.stream());
      EXPECT_TRUE(requests.insert(event.request_id()).second) << event.ShortDebugString();
    }
    EXPECT_EQ(events, effects);
  }
  // Those that were not told yet.
  std::vector<events::v1::Event> NewEvents() {
    const auto stub = events::v1::EventsService::NewStub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
    events::v1::ReadEventsRequest request;
    request.set_sequence(last_ + 1);
    const auto stream = stub->ReadEvents(&context, request);
    std::vector<events::v1::Event> events;
    events::v1::ReadEventsResponse response;
    while (stream->Read(&response)) {
      events.insert(events.end(), response.events().begin(), response.events().end());
    }
    EXPECT_TRUE(stream->Finish().ok());
    if (!events.empty()) last_ = events.back().sequence();
    return events;
  }

  TestServer server_;
  int64_t last_ = 0;
  int broken_ = 0;
};

TEST_F(BrokenSession, SettlesEveryCallWhereverItsConnectionBreaks) {
  const uint64_t seed = Number("KITH_SESSION_SEED", std::random_device()());
  const auto sessions = static_cast<int>(Number("KITH_SESSION_CUTS", 40));
  std::printf("KITH_SESSION_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);  // where it hangs, too
  std::mt19937_64 random(seed);
  const auto below = [&random](size_t bound) { return static_cast<size_t>(random() % bound); };
  NewEvents();
  const auto [to_server, to_client] = Run("whole", {});
  for (int i = 0; i < sessions; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", session ", i));
    // The first break goes through all bytes, in steps; others come anywhere.
    std::deque<CuttingRelay::Cut> cuts(1 + below(3));
    for (CuttingRelay::Cut& cut : cuts) {
      const bool first = &cut == &cuts.front();
      const bool client = first ? i % 2 == 0 : below(2) == 0;
      const size_t total = client ? to_client : to_server;
      const size_t step = total / static_cast<size_t>(sessions) + 1;
      (client ? cut.to_client : cut.to_server) =
          first ? static_cast<size_t>(i) * step + below(step) : below(total);
      cut.reset = below(2) == 0;
    }
    Run(absl::StrCat("s", i), std::move(cuts));
    if (HasFailure()) return;
  }
  EXPECT_GT(broken_, sessions / 2);
}

}  // namespace
}  // namespace kith::testing
