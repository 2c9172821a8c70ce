// Normal forms: what must compare equal has the same one. Every path that compares, claims, indexes
// or looks up uses these.
//
// Persisted in views and, hashed, in tags of the log: a change of meaning is a migration. Over ICU
// and libidn2. Pure functions, any thread; text is UTF-8, what is not gives no result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith {

bool IsUtf8(absl::string_view text);

// Whether nothing of the text is seen: it is empty, or of spaces, controls and what Unicode has
// for direction, joining and no width at all.
bool IsBlank(absl::string_view text);

// Without the white space of Unicode at both ends.
absl::string_view StripSpaces(absl::string_view text);

// The key under which an e-mail address is compared: trimmed, Unicode NFC, the domain in its ASCII
// form (IDNA 2008) without a trailing dot, a local part quoted only where it has to be ("a..b"),
// all in lower case. nullopt when the text is not an address: one '@' at least, a local part of 1
// to 64 bytes, a domain of two labels at least, 254 bytes in all, and nothing in it that is not
// seen (IsBlank), spaces in quotes included.
std::optional<std::string> EmailKey(absl::string_view address);

// The same for indexes and filters, which may be given only the beginning of an address: that is
// trimmed and in lower case.
std::string EmailForm(absl::string_view address);

// A domain in its ASCII form (IDNA 2008) and in lower case, without a trailing dot. nullopt when it
// is none: two labels at least, of letters, digits and hyphens, of which one that begins with xn--
// is the ASCII form of another.
std::optional<std::string> DomainKey(absl::string_view domain);

// The form in which names are searched and ordered: compatibility-composed, case folded, without
// accents, every run of spaces one space. "  Zoë  ÅNGSTRÖM" → "zoe angstrom".
std::string FoldedName(absl::string_view text);

// The words of a name in that form: its runs of letters and digits. "Anna-Lena O'Brien" → "anna",
// "lena", "o", "brien".
std::vector<std::string> FoldedWords(absl::string_view text);

// Which versions of the libraries make these forms and that of domain.h, as loaded: "forms 2, ICU
// 72.1, Unicode 15.0, libidn2 2.3.3, public suffixes …". Another version may make others, so what
// is stored under them is made anew then.
std::string NormalFormsVersion();

}  // namespace kith
