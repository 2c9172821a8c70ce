#include "services/server/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "eventstore/base/version.h"

// Of jemalloc, where the program is linked to it.
extern "C" int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                       size_t new_size) __attribute__((weak));

namespace kith::server {
namespace {

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0;
  double resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Those of the process, less the one that counting needs.
double OpenDescriptors() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double count = -1;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(folder);
  return count;
}

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Bytes that the program holds; what jemalloc keeps beyond that is overhead and what was freed.
void AddAllocatorMetrics(MetricPage& page) {
  if (mallctl == nullptr) return;
  uint64_t epoch = 1;
  size_t allocated = 0;
  size_t size = sizeof allocated;
  if (mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch) != 0 ||
      mallctl("stats.allocated", &allocated, &size, nullptr, 0) != 0) {
    return;
  }
  page.Gauge("kith_memory_allocated_bytes", "Bytes of memory in use, as the allocator counts.",
             static_cast<double>(allocated));
}

}  // namespace

void AddProcessMetrics(absl::Time started, MetricPage& page) {
  page.Gauge("kith_build_info", "1; the label says which Kith this is.", 1,
             {{"version", std::string(Version())}});
  page.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
             absl::ToDoubleSeconds(started - absl::UnixEpoch()));
  page.Gauge("process_resident_memory_bytes", "Bytes of memory that the process occupies.",
             ResidentBytes());
  page.Gauge("process_open_fds", "Descriptors that are open.", OpenDescriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    page.Gauge("process_max_fds", "Descriptors that may be open.",
               static_cast<double>(limit.rlim_cur));
  }
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    page.Counter("process_cpu_seconds_total", "Processor time taken, in seconds.",
                 SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime));
  }
  AddAllocatorMetrics(page);
}

void AddViewMetrics(const projections::ViewStore& views, MetricPage& page) {
  for (const projections::ViewHealth& view : views.Health()) {
    const MetricLabels labels = {{"view", view.view}};
    for (const auto state : {projections::ViewState::kLive, projections::ViewState::kBuilding,
                             projections::ViewState::kStopped, projections::ViewState::kLate}) {
      page.Gauge("kith_view_state", "1 for the state that the view is in.", view.state == state,
                 {{"view", view.view}, {"state", std::string(NameOf(state))}});
    }
    page.Gauge("kith_view_lag_events", "Events of the log that the view has not seen yet.",
               static_cast<double>(view.lag), labels);
    page.Gauge("kith_view_built_ratio", "How much of the log a view that is being built has seen.",
               view.progress.percent / 100.0, labels);
    page.Gauge("kith_view_stale_streams", "Streams that the view has stopped folding at an error.",
               static_cast<double>(view.stale_count), labels);
    page.Gauge("kith_view_poll_age_seconds", "How long ago the view last looked for work.",
               std::max(0.0, absl::ToDoubleSeconds(view.since_polled)), labels);
    page.Gauge(
        "kith_view_unflushed_events", "Events that a crash now would have folded again.",
        static_cast<double>(view.position.value() - std::min(view.position, view.flushed).value()),
        labels);
  }
}

}  // namespace kith::server
