// Metrics: what any part of Kith lets its operator measure.
//
// A part that has something to tell owns a MetricSource, whose function writes its numbers onto a
// page whenever somebody asks for one; nobody asking costs nothing but the counting. Names and
// units are Prometheus': "kith_commit_seconds", base units, counters end in "_total".
//
//   const MetricSource metrics_{[this](MetricPage& page) {
//     page.Gauge("kith_pool_queued", "Pieces of work that wait for a thread.", queued(),
//                {{"pool", name_}});
//   }};
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/duration_histogram.h"

namespace kith {

enum class MetricKind { kCounter, kGauge, kHistogram };

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct MetricSample {
  MetricLabels labels;
  double value = 0;          // of a counter or gauge
  DurationCounts durations;  // of a histogram
};

// The samples of one name.
struct MetricFamily {
  std::string help;  // one sentence
  MetricKind kind;
  std::vector<MetricSample> samples;
};

// What one asking brings together. One thread. A name has one kind and one help text: the process
// stops where two sources differ.
class MetricPage {
 public:
  // What only grows while the process lives.
  void Counter(absl::string_view name, absl::string_view help, double value,
               MetricLabels labels = {});
  void Gauge(absl::string_view name, absl::string_view help, double value,
             MetricLabels labels = {});
  void Durations(absl::string_view name, absl::string_view help, const DurationCounts& durations,
                 MetricLabels labels = {});

  const absl::btree_map<std::string, MetricFamily>& families() const { return families_; }

 private:
  MetricSample& Add(absl::string_view name, absl::string_view help, MetricKind kind,
                    MetricLabels labels);

  absl::btree_map<std::string, MetricFamily> families_;
};

// Part of every page while it lives. `write` is called by any thread, one call at a time in the
// process; it must be quick, and may neither make nor end a source. Ending one waits for the page
// that is being written: it is the last member of what it tells of, so that it goes first.
class MetricSource {
 public:
  using Write = std::function<void(MetricPage& page)>;

  explicit MetricSource(Write write);
  ~MetricSource();
  MetricSource(const MetricSource&) = delete;
  MetricSource& operator=(const MetricSource&) = delete;

 private:
  friend MetricPage CollectMetrics();
  const Write write_;
};

// A page with what every source of the process has to tell. Any thread.
MetricPage CollectMetrics();

}  // namespace kith
