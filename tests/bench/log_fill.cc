// log_fill: makes a log long in seconds, by appending what Kith's services would write, 500 events
// at a time and without a server. The directory is one in which kithd made its first workspace and
// ended. Prints a JSON object: for each phase the last sequence of the workspace and its time.
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/log/event_log.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/bench/append_load.h"
#include "tests/bench/crm_events.h"
#include "tests/eventstore/log/log_fixture.h"

ABSL_FLAG(std::string, data, "", "The data directory.");
ABSL_FLAG(int32_t, owners, 20, "Of how many users contacts and deals are.");
ABSL_FLAG(
    int32_t, team, 0,
    "Where not 0, the owners are made before all, as sales reps, so many of them of one team, "
    "and after them a sales manager of it.");
ABSL_FLAG(int64_t, contacts, 0, "How many contacts are made first.");
ABSL_FLAG(int64_t, deals, 0, "How many deals are made then.");
ABSL_FLAG(int64_t, changes, 0, "How often deals are changed then, in turn.");
ABSL_FLAG(int32_t, moves, 50, "Percent of the changes that are moves to another stage.");
ABSL_FLAG(int64_t, amounts, 0, "How often deals get another amount after that, in turn.");
ABSL_FLAG(int64_t, tasks, 0, "How many tasks with a timer that waits are made after them.");
ABSL_FLAG(int64_t, interactions, 0, "How many interactions with the contacts come last.");

namespace kith::bench {
namespace {

constexpr WorkspaceId kWorkspaceOne{1};
constexpr int kInFlight = 8;

// One phase after the other.
class Filler {
 public:
  Filler(eventstore::EventLog& log, CrmEvents& events) : log_(log), events_(events) {}

  void Phase(const char* name, int64_t count, const std::string& method,
             const std::function<StreamEvent()>& make) {
    int64_t left = count;
    AppendLoad(log_, [&]() -> std::optional<eventstore::Append> {
      if (left == 0) return std::nullopt;
      std::vector<StreamEvent> batch;
      for (; left > 0 && batch.size() < eventstore::kAppendEventsMax; --left) {
        batch.push_back(make());
      }
      return events_.AppendOf(std::move(batch), method);
    }).Run(kInFlight);
    absl::StrAppend(&phases_, phases_.empty() ? "" : ",", "\"", name,
                    "\":{\"sequence\":", log_.WorkspaceHead(kWorkspaceOne).value(), ",\"time\":\"",
                    absl::FormatTime(absl::RFC3339_full, SystemClock().Now(), absl::UTCTimeZone()),
                    "\"}");
  }
  const std::string& phases() const { return phases_; }

 private:
  eventstore::EventLog& log_;
  CrmEvents& events_;
  std::string phases_;
};

int Main() {
  const std::string data = absl::GetFlag(FLAGS_data);
  auto engine = eventstore::OpenRocksEngine({.data_dir = data});
  KITH_CHECK(engine.ok());
  auto keys = eventstore::OpenKeyStore(data + "/keys", SystemRandom());
  KITH_CHECK(keys.ok());
  eventstore::PoolExecutor executor(2);
  auto log = eventstore::OpenEventLog(*std::move(engine), **keys, SystemClock(), executor, {});
  KITH_CHECK(log.ok());
  const int owners = absl::GetFlag(FLAGS_owners);
  const int of_team = absl::GetFlag(FLAGS_team);
  CrmEvents events(kWorkspaceOne, **keys, 1, owners);
  Filler filler(**log, events);
  const absl::Time begin = SystemClock().Now();
  if (of_team > 0) {
    filler.Phase("team", 1, "kith.teams.v1.TeamsService/CreateTeam",
                 [&] { return events.NewTeam(); });
    filler.Phase("users", owners + 1, "kith.users.v1.UsersService/CreateUser",
                 [&] { return events.NewUser(of_team); });
  }
  filler.Phase("contacts", absl::GetFlag(FLAGS_contacts),
               "kith.contacts.v1.ContactsService/CreateContact",
               [&] { return events.NewContact(); });
  filler.Phase("deals", absl::GetFlag(FLAGS_deals), "kith.deals.v1.DealsService/CreateDeal",
               [&] { return events.NewDeal(); });
  filler.Phase("changes", absl::GetFlag(FLAGS_changes), "kith.deals.v1.DealsService/UpdateDeal",
               [&] { return events.ChangeDeal(absl::GetFlag(FLAGS_moves)); });
  filler.Phase("amounts", absl::GetFlag(FLAGS_amounts), "kith.deals.v1.DealsService/UpdateDeal",
               [&] { return events.RepriceDeal(); });
  filler.Phase("tasks", absl::GetFlag(FLAGS_tasks), "kith.tasks.v1.TasksService/CreateTask",
               [&] { return events.NewTask(); });
  filler.Phase("interactions", absl::GetFlag(FLAGS_interactions),
               "kith.interactions.v1.InteractionsService/IngestInteractions",
               [&] { return events.NewInteraction(); });
  std::printf("{\"seconds\":%.3f,%s}\n", absl::ToDoubleSeconds(SystemClock().Now() - begin),
              filler.phases().c_str());
  return 0;
}

}  // namespace
}  // namespace kith::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return kith::bench::Main();
}
