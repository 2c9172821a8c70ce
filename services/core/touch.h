// Touches: how somebody found a page of ours, as the page's address and what led to it say, and
// what of an address is kept at all. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/leads/v1/lead.pb.h"

namespace kith {

// The site of a URL, as browsers name it: "https://www.example.com"; empty where it is none.
std::string OriginOf(absl::string_view url);

// What may be kept of the address of a page: scheme, host and path, and the parameters that say how
// somebody came to it: utm_source, utm_medium, utm_campaign, utm_term, utm_content, gclid, fbclid
// and msclkid, each as it came, once, and not where it has more than 256 bytes. Whatever else
// stands in an address may be about a person. A path is cut after 512 bytes. Empty where it is no
// http or https URL, or its host has more than 255 bytes.
std::string CutUrl(absl::string_view url);

// The same of what led to `page`: of another site its host alone.
std::string CutReferrer(absl::string_view referrer, absl::string_view page);

// Sets the fields utm_source and the like of what the URL says: not those that are no text, or
// longer than the fields are.
void SetCampaign(absl::string_view url, leads::v1::LeadTouch& touch);

// With its campaign and time. It is an AD by a gclid or msclkid, or a paid utm_medium (cpc, ppc,
// cpm, paid, display and the like); SOCIAL by an fbclid or the utm_medium social; a CAMPAIGN where
// any utm_ field is set otherwise; else of the WEB_SITE.
leads::v1::LeadTouch TouchOf(absl::string_view url, absl::Time time);

}  // namespace kith
