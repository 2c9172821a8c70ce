// Embedding: what puts a page or a script of the HTTP port into a page of another site, as
// capabilities tell it. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/runtime/calls/web_text.h"

namespace kith::runtime {

struct Embedded {
  absl::string_view kind;        // of the record: "form"
  absl::string_view public_url;  // that the record names; empty: none
  absl::string_view server_url;  // that the server was told (--public_url); empty: none
  std::string public_id;
  std::string path;    // "/f/…"
  std::string script;  // the path of the script: "/f/….js"
};

// Into a message with `public_id`, `path`, `html`, `url` and `warning`, which says what to do where
// nobody has said at which host the port is reached.
template <class Embedding>
void TellEmbedding(const Embedded& embedded, Embedding* response) {
  const absl::string_view host = absl::StripSuffix(
      embedded.public_url.empty() ? embedded.server_url : embedded.public_url, "/");
  response->set_public_id(embedded.public_id);
  response->set_path(embedded.path);
  response->set_html(absl::StrCat(
      "<script", HtmlAttribute("src", absl::StrCat(host, embedded.script)), " async></script>"));
  if (!host.empty()) {
    response->set_url(absl::StrCat(host, embedded.path));
    return;
  }
  response->set_warning(absl::StrCat(
      "The html has no host, and works on pages of this server's own only: it is not known where "
      "the HTTP port is reached. Set the ",
      embedded.kind, "'s public_url, or start kithd with --public_url."));
}

}  // namespace kith::runtime
