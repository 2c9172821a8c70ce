// replay_bench: how quickly every view is folded anew from a log, against reading the same log and
// only decoding and unsealing its events. Alternates the two and prints a JSON object with the
// events a second of each round, the processor time of an event in microseconds, which says more
// than the rate where others use the machine, and the memory the process has then. The data
// directory is one of kithd; its own views are left alone.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "projections/companies/company_deals.h"
#include "projections/companies/company_directory.h"
#include "projections/companies/company_people.h"
#include "projections/contacts/contact_directory.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_board.h"
#include "projections/deals/pipeline_list.h"
#include "projections/forecast/sales_forecast.h"
#include "projections/interactions/timeline.h"
#include "projections/users/user_directory.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"

ABSL_FLAG(std::string, data, "", "The data directory.");
ABSL_FLAG(int32_t, rounds, 5, "How often each is measured.");
ABSL_FLAG(int32_t, copies, 0, "How many copies of each view are folded beside it.");

namespace kith::bench {
namespace {

namespace fs = std::filesystem;

using projections::Projection;

// A view as it is, under another name.
class CopiedView final : public Projection {
 public:
  CopiedView(std::unique_ptr<Projection> original, int copy)
      : original_(std::move(original)), suffix_(absl::StrCat("_copy", copy)) {
    name_ = absl::StrCat(original_->name(), suffix_);
  }

  absl::string_view name() const override { return name_; }
  int version() const override { return original_->version(); }
  std::vector<std::string> categories() const override { return original_->categories(); }
  bool Takes(const eventstore::RecordedEvent& event) const override {
    return original_->Takes(event);
  }
  bool reads_personal() const override { return original_->reads_personal(); }
  bool has_indexes() const override { return original_->has_indexes(); }
  std::string base() const override {
    const std::string base = original_->base();
    return base.empty() ? "" : base + suffix_;
  }
  uint8_t told_table() const override { return original_->told_table(); }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override {
    return original_->Apply(event, batch);
  }

 private:
  const std::unique_ptr<Projection> original_;
  const std::string suffix_;
  std::string name_;
};

void AddCopies(int copy, runtime::ServerBuilder& builder) {
  const auto add = [&](std::unique_ptr<Projection> original) {
    builder.AddProjection(std::make_unique<CopiedView>(std::move(original), copy));
  };
  add(std::make_unique<companies::CompanyDeals>());
  add(std::make_unique<companies::CompanyDirectory>());
  add(std::make_unique<companies::CompanyPeople>());
  add(std::make_unique<contacts::ContactDirectory>());
  add(std::make_unique<deals::DealList>());
  add(std::make_unique<deals::PipelineBoard>());
  add(std::make_unique<deals::PipelineList>());
  add(std::make_unique<forecast::SalesForecast>());
  add(std::make_unique<projections::Timeline>());
  add(std::make_unique<users::UserDirectory>());
}

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// What the process took so far, all threads together.
double ProcessorMicroseconds() {
  rusage usage = {};
  KITH_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// A whole server with empty views; its folding begins at once.
std::unique_ptr<runtime::Server> Start(const std::string& data, const std::string& views) {
  runtime::Storage storage;
  auto engine = eventstore::OpenRocksEngine({.data_dir = data});
  KITH_CHECK(engine.ok());
  storage.engine = *std::move(engine);
  auto keys = eventstore::OpenKeyStore(data + "/keys", SystemRandom());
  KITH_CHECK(keys.ok());
  storage.keys = *std::move(keys);
  runtime::ServerOptions options;
  options.views.path = views;
  runtime::ServerBuilder builder;
  RegisterCapabilities(builder);
  for (int copy = 1; copy <= absl::GetFlag(FLAGS_copies); ++copy) AddCopies(copy, builder);
  auto server = builder.Start(options, std::move(storage));
  KITH_CHECK(server.ok());
  return *std::move(server);
}

// Waits until every view is where the log is.
void AwaitViews(runtime::Runtime& runtime) {
  const Position head = runtime.log.head();
  Mutex mutex;
  CondVar changed;
  int waiting = 0;
  for (const projections::ViewHealth& health : runtime.views.Health()) {
    {
      MutexLock lock(mutex);
      ++waiting;
    }
    runtime.views.Find(health.view)
        .WhenAt(head, absl::InfiniteDuration(), [&](absl::Status status) {
          KITH_CHECK(status.ok());
          MutexLock lock(mutex);
          --waiting;
          changed.NotifyAll();
        });
  }
  MutexLock lock(mutex);
  while (waiting > 0) changed.Wait(mutex);
}

void Scan(runtime::Runtime& runtime) {
  const auto cursor = runtime.log.ReadAll(Position(1), eventstore::Direction::kForwards);
  for (;;) {
    auto record = cursor->Next();
    KITH_CHECK(record.ok());
    if (*record == nullptr) return;
    KITH_CHECK(runtime.registry.Decode(*std::move(record), runtime.keys).ok());
  }
}

int Main() {
  const std::string data = absl::GetFlag(FLAGS_data);
  const std::string views = data + "/replayed-views";
  std::vector<double> rebuilt;
  std::vector<double> scanned;
  std::vector<double> rebuilt_us;
  std::vector<double> scanned_us;
  double events = 0;
  size_t view_count = 0;
  double resident = 0;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    fs::remove_all(views);
    const double begin_us = ProcessorMicroseconds();
    const absl::Time begin = absl::Now();
    const std::unique_ptr<runtime::Server> server = Start(data, views);
    AwaitViews(server->runtime());
    events = static_cast<double>(server->runtime().log.head().value());
    rebuilt.push_back(events / absl::ToDoubleSeconds(absl::Now() - begin));
    rebuilt_us.push_back((ProcessorMicroseconds() - begin_us) / events);
    view_count = server->runtime().views.Health().size();
    resident = ResidentBytes();
    const double scan_us = ProcessorMicroseconds();
    const absl::Time scan = absl::Now();
    Scan(server->runtime());
    scanned.push_back(events / absl::ToDoubleSeconds(absl::Now() - scan));
    scanned_us.push_back((ProcessorMicroseconds() - scan_us) / events);
    server->Stop();
  }
  fs::remove_all(views);
  std::printf(
      "{\"events\":%.0f,\"views\":%zu,\"resident_bytes\":%.0f,"
      "\"rebuilt_per_second\":[%s],\"scanned_per_second\":[%s],"
      "\"rebuilt_us\":[%s],\"scanned_us\":[%s]}\n",
      events, view_count, resident, absl::StrJoin(rebuilt, ",").c_str(),
      absl::StrJoin(scanned, ",").c_str(), absl::StrJoin(rebuilt_us, ",").c_str(),
      absl::StrJoin(scanned_us, ",").c_str());
  return 0;
}

}  // namespace
}  // namespace kith::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return kith::bench::Main();
}
