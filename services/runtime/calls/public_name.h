// Public names: texts that stand for records outside, in addresses, mails and cookies. They are
// sealed, so nobody makes one, or guesses the next; each opens for the purpose that it was made for
// only. Nothing is stored for them. Any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/token_sealer.h"

namespace kith::runtime {

// Whose record a text stands for.
struct PublicName {
  WorkspaceId workspace;
  std::string name;  // in words of who seals it
};

// What a browser is known by, which the capabilities that it comes to have to know. Persisted in
// browsers.
inline constexpr absl::string_view kVisitorPurpose = "visitors.browser";

// What a browser shows that followed a link in a mail to a page of ours: whom that was sent to. In
// addresses of pages, as the parameter kClickParameter, for kClickLifetime.
inline constexpr absl::string_view kClickPurpose = "messages.visitor";
inline constexpr absl::string_view kClickParameter = "kith_click";
inline constexpr absl::Duration kClickLifetime = absl::Hours(1);

// URL-safe text. `purpose` says what it is for: "forms.public"; it opens for nothing else, and is
// persisted wherever the text is kept.
std::string SealPublicName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                           const PublicName& name);
// Nullopt for a text that SealPublicName did not give for this purpose.
std::optional<PublicName> OpenPublicName(const eventstore::TokenSealer& sealer,
                                         absl::string_view purpose, absl::string_view text);

// The same of a record by its name, of which only the id stands in the text.
std::string SealName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                     WorkspaceId workspace, absl::string_view name);
std::optional<PublicName> OpenName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                                   absl::string_view collection, absl::string_view text);

// The same until a time, to the second: from then on, as `now` has it, the text opens no more.
std::string SealNameUntil(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                          WorkspaceId workspace, absl::string_view name, absl::Time until);
std::optional<PublicName> OpenNameUntil(const eventstore::TokenSealer& sealer,
                                        absl::string_view purpose, absl::string_view collection,
                                        absl::string_view text, absl::Time now);

}  // namespace kith::runtime
