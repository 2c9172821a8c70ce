// What the script of a site posts.
#include "eventstore/base/check.h"
#include "services/core/touch.h"
#include "services/visitors/beacon.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {

void FuzzBeacon(absl::string_view bytes) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  visitors::v1::Site site;
  site.add_allowed_origins("https://www.example.com");
  const auto beacon = visitors::ParseBeacon(bytes, site, now);
  if (!beacon.has_value()) return;
  KITH_CHECK(beacon->views.size() <= 50);
  for (const visitors::v1::PageView& view : beacon->views) {
    const std::string kept = CutUrl(view.url());
    KITH_CHECK(OriginOf(kept) == "https://www.example.com");
    KITH_CHECK(CutUrl(kept) == kept);
    TouchOf(view.url(), now);
    CutReferrer(view.referrer(), view.url());
  }
}

}  // namespace kith::fuzz
