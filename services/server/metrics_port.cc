#include "services/server/metrics_port.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/metrics.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"

namespace kith::server {
namespace {

constexpr double kMicrosecondsASecond = 1e6;

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  KITH_UNREACHABLE();
}

prometheus::ClientMetric::Histogram HistogramOf(const DurationCounts& counts) {
  prometheus::ClientMetric::Histogram histogram;
  for (size_t i = 0; i < counts.buckets.size(); ++i) {
    histogram.sample_count += counts.buckets[i];
    const double bound = i < DurationCounts::kBoundsUs.size()
                             ? DurationCounts::kBoundsUs[i] / kMicrosecondsASecond
                             : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = counts.sum_us / kMicrosecondsASecond;
  return histogram;
}

prometheus::ClientMetric MetricOf(MetricKind kind, const MetricSample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  switch (kind) {
    case MetricKind::kCounter:
      metric.counter.value = sample.value;
      break;
    case MetricKind::kGauge:
      metric.gauge.value = sample.value;
      break;
    case MetricKind::kHistogram:
      metric.histogram = HistogramOf(sample.durations);
      break;
  }
  return metric;
}

class EverySource final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    const MetricPage page = CollectMetrics();
    for (const auto& [name, family] : page.families()) {
      auto& one = families.emplace_back(
          prometheus::MetricFamily{name, family.help, TypeOf(family.kind), {}});
      for (const MetricSample& sample : family.samples) {
        one.metric.push_back(MetricOf(family.kind, sample));
      }
    }
    return families;
  }
};

class ExposedPort final : public MetricsPort {
 public:
  explicit ExposedPort(const std::string& address)
      : exposer_({"listening_ports", address, "num_threads", "2", "request_timeout_ms", "5000"}) {
    exposer_.RegisterCollectable(sources_);
  }
  int port() const override { return exposer_.GetListeningPorts().front(); }

 private:
  const std::shared_ptr<EverySource> sources_ = std::make_shared<EverySource>();
  prometheus::Exposer exposer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsPort>> MetricsPort::Open(const std::string& address) {
  try {
    return std::make_unique<ExposedPort>(address);
  } catch (const std::exception&) {  // the one way in which the library says no
    return absl::UnavailableError(absl::StrCat("metrics cannot be told at ", address,
                                               ": the address is in use, not ours, or none"));
  }
}

}  // namespace kith::server
