#include "eventstore/base/metrics.h"

#include "absl/container/flat_hash_set.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"

namespace kith {
namespace {

// Every source of the process. Never destroyed: sources may end with the process.
struct Sources {
  Mutex mutex;
  absl::flat_hash_set<const MetricSource*> all KITH_GUARDED_BY(mutex);
};

Sources& TheSources() {
  static auto& sources = *new Sources();
  return sources;
}

}  // namespace

void MetricPage::Counter(absl::string_view name, absl::string_view help, double value,
                         MetricLabels labels) {
  Add(name, help, MetricKind::kCounter, std::move(labels)).value = value;
}

void MetricPage::Gauge(absl::string_view name, absl::string_view help, double value,
                       MetricLabels labels) {
  Add(name, help, MetricKind::kGauge, std::move(labels)).value = value;
}

void MetricPage::Durations(absl::string_view name, absl::string_view help,
                           const DurationCounts& durations, MetricLabels labels) {
  Add(name, help, MetricKind::kHistogram, std::move(labels)).durations = durations;
}

MetricSample& MetricPage::Add(absl::string_view name, absl::string_view help, MetricKind kind,
                              MetricLabels labels) {
  const auto [found, is_new] =
      families_.try_emplace(std::string(name), MetricFamily{std::string(help), kind});
  MetricFamily& family = found->second;
  KITH_CHECK(is_new || (family.kind == kind && family.help == help));
  return family.samples.emplace_back(MetricSample{std::move(labels)});
}

MetricSource::MetricSource(Write write) : write_(std::move(write)) {
  MutexLock lock(TheSources().mutex);
  TheSources().all.insert(this);
}

MetricSource::~MetricSource() {
  MutexLock lock(TheSources().mutex);
  TheSources().all.erase(this);
}

MetricPage CollectMetrics() {
  MetricPage page;
  MutexLock lock(TheSources().mutex);
  for (const MetricSource* source : TheSources().all) source->write_(page);
  return page;
}

}  // namespace kith
