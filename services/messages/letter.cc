#include "services/messages/letter.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/messages/mail_links.h"
#include "services/messages/message_address.h"

namespace kith::messages {

void AddToLetter(const LetterAddresses& addresses, runtime::Mailer::Letter& letter) {
  const auto url = [&](AddressKind kind, size_t link) {
    return absl::StrCat(addresses.public_url, PathOf(addresses.sealer, {kind, addresses.message,
                                                                        static_cast<int>(link)}));
  };
  const std::string unsubscribe = url(AddressKind::kUnsubscribe, 0);
  letter.unsubscribe_url = unsubscribe;
  letter.text =
      absl::StrCat(absl::StripSuffix(letter.text, "\n"), "\n\nUnsubscribe: ", unsubscribe, "\n");
  if (letter.html.empty()) return;
  std::string more = absl::StrCat("<p><a href=\"", unsubscribe, "\">Unsubscribe</a></p>");
  if (addresses.is_tracked) {
    letter.html =
        WithLinks(letter.html, [&](size_t link) { return url(AddressKind::kClick, link); });
    absl::StrAppend(&more, "<img src=\"", url(AddressKind::kOpen, 0),
                    "\" width=\"1\" height=\"1\" alt=\"\">");
  }
  letter.html = WithAtEnd(letter.html, more);
}

}  // namespace kith::messages
