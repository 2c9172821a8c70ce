// Mail links: the links in a message's HTML that are followed through Kith, and the HTML as it is
// sent.
//
// What reads it takes HTML as mail has it: tags, attributes with and without quotes, comments,
// styles. What it does not understand stays as it is, and is no link. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace kith::messages {

// Further ones lead where they lead.
inline constexpr size_t kLinksMax = 200;

// The absolute http and https URLs that anchors of the HTML lead to, in their order, each as often
// as it stands there, with entities resolved: as a browser would ask for them.
std::vector<std::string> LinksIn(absl::string_view html);

// The HTML with each of those replaced by what `address` answers for its place: a URL without
// quotes, spaces or ampersands.
std::string WithLinks(absl::string_view html, absl::FunctionRef<std::string(size_t link)> address);

// The URL with one more parameter, whose name and value need no escaping; before its fragment.
std::string WithParameter(absl::string_view url, absl::string_view name, absl::string_view value);

// The HTML with `more`, HTML itself, before the end of its body; at its end where none is marked.
std::string WithAtEnd(absl::string_view html, absl::string_view more);

}  // namespace kith::messages
