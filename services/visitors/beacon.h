// Beacon: what the script of a site posts: which browser it is, and which pages were looked at.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/visitors/v1/site.pb.h"
#include "kith/visitors/v1/visitor.pb.h"

namespace kith::visitors {

// Whether pages of this origin, as browsers name it, are the site's.
bool IsAllowed(const v1::Site& site, absl::string_view origin);

struct Beacon {
  std::string visitor;              // what the browser is known by
  std::vector<v1::PageView> views;  // with their times
  std::string click;                // what a link in a mail led here with; "" for nothing
};

// Of {"visitor": "…", "views": [{"id": "…", "url": "https://…", "title": "…", "referrer": "…",
// "age": 1200}], "click": "…"}, ages in milliseconds before `now`, so that no browser's clock
// matters. Left out are views of pages that are not of the site, without an id, older than a day,
// and beyond the 50th; what is no text in a title. Nullopt where the body is none of these.
std::optional<Beacon> ParseBeacon(absl::string_view body, const v1::Site& site, absl::Time now);

// Whether what calls itself so is a program and nobody's browser: search engines, monitors,
// libraries. Also where it calls itself nothing.
bool IsBot(absl::string_view user_agent);

}  // namespace kith::visitors
