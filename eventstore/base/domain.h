// Domains of companies: what somebody registered under a public suffix, by Mozilla's list of these
// as libpsl carries it, the private ones among them. "https://www.Shop.Example.co.uk/about" →
// "example.co.uk"; "shop.example.github.io" → "example.github.io".
//
// Another list gives other domains, so what was once made is kept and never made again; see
// NormalFormsVersion. Over libpsl and libidn2. Pure functions, any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith {

// Of a domain, or of an address of a site in it: in ASCII (IDNA 2008) and lower case, without what
// stands before it. InvalidArgument says what the text is instead, as "must be …": an IP address, a
// name of one label as localhost, a public suffix itself, or no domain at all.
absl::StatusOr<std::string> RegistrableDomain(absl::string_view text);

// The same for indexes and filters, which may be given any text: what has no such domain is in
// lower case.
std::string DomainForm(absl::string_view text);

// The list that is loaded.
std::string PublicSuffixesVersion();

}  // namespace kith
