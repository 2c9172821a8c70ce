// VisitorScript: what a page has to be followed by: a script that keeps what the browser is known
// by in a cookie of the page's own site, and says which pages were looked at. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/visitors/v1/site.pb.h"

namespace kith::visitors {

// The script of a site whose page views are posted to `path`, "/v/…". `visitor` is what a browser
// is known by from now on that is not known by anything yet. To the page it is
//
//   kith("consent")   the visitor agreed to be followed
//   kith("forget")    or did not, or not any more: what the browser was known by is gone
//   kith("view")      another page is shown that has no address of its own
//
// A page that may be ahead of it says the same as (window.kithq = window.kithq || []).push("…").
// It does nothing where the browser asks not to be followed. Of a page that a link in a mail led
// to, what that says of who came (runtime::kClickParameter) is taken out of the address at once,
// and told with the first page view, so only of who agreed to be followed.
std::string ScriptOf(const v1::Site& site, absl::string_view path, absl::string_view visitor);

}  // namespace kith::visitors
