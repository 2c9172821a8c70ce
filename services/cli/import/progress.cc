#include "services/cli/import/progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr absl::Duration kNextLine = absl::Seconds(1);

}  // namespace

Progress::Progress(std::string what, int64_t total, bool live, std::ostream& out,
                   const Clock& clock)
    : what_(std::move(what)),
      total_(std::max<int64_t>(total, 1)),
      live_(live),
      out_(out),
      clock_(clock),
      began_(clock.Elapsed()),
      drawn_(live ? -absl::InfiniteDuration() : began_) {}

void Progress::Update(int64_t done) {
  const absl::Duration now = clock_.Elapsed();
  if (live_) {
    if (now - drawn_ < kRedraw && done < total_) return;
    drawn_ = now;
    Draw(done);
    return;
  }
  const int64_t tenths = 10 * done / total_;
  if (tenths <= tenths_told_ || now - drawn_ < kNextLine) return;
  drawn_ = now;
  tenths_told_ = tenths;
  out_ << what_ << ": " << 10 * tenths << " % (" << FormatCount(done) << " of "
       << FormatCount(total_) << ")\n"
       << std::flush;
}

void Progress::Clear() {
  if (visible_) out_ << "\r\033[K" << std::flush;
  visible_ = false;
}

void Progress::Draw(int64_t done) {
  const int filled = static_cast<int>(kBarWidth * done / total_);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  const double seconds = absl::ToDoubleSeconds(clock_.Elapsed() - began_);
  const int64_t rate = seconds > 0 ? static_cast<int64_t>(static_cast<double>(done) / seconds) : 0;
  out_ << '\r' << what_ << ' ' << bar << ' ' << FormatCount(done) << " of " << FormatCount(total_)
       << ", " << FormatCount(rate) << "/s\033[K" << std::flush;
  visible_ = true;
}

}  // namespace kith::cli
