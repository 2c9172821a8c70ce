#include "services/runtime/requests/string_rules.h"

#include <unicode/uloc.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/domain.h"
#include "projections/tables/query.h"
#include "services/core/date.h"
#include "services/core/money.h"
#include "services/core/normalise.h"
#include "services/core/recurrence.h"
#include "services/core/resource_name.h"
#include "services/core/url.h"

namespace kith::runtime {
namespace {

using options::v1::Format;

constexpr int kPhoneDigitsMin = 3;

bool IsControl(unsigned char byte) {
  return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
}

// Code points of valid UTF-8.
size_t CharactersOf(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

bool IsPrintableAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// Digits with what people write between them; letters occur in extensions and vanity numbers.
bool IsPhone(absl::string_view text) {
  int digits = 0;
  for (const char c : text) {
    digits += absl::ascii_isdigit(c);
    if (!absl::ascii_isalnum(c) && !absl::StrContains(" +-().,/#*;:", absl::string_view(&c, 1))) {
      return false;
    }
  }
  return digits >= kPhoneDigitsMin;
}

bool IsCountry(absl::string_view text) {
  if (text.size() != 2 || !absl::ascii_isupper(text[0]) || !absl::ascii_isupper(text[1])) {
    return false;
  }
  for (const char* const* country = uloc_getISOCountries(); *country != nullptr; ++country) {
    if (text == *country) return true;
  }
  return false;
}

bool IsLanguage(absl::string_view text) {
  if (!IsPrintableAscii(text)) return false;
  char locale[ULOC_FULLNAME_CAPACITY];
  UErrorCode error = U_ZERO_ERROR;
  int32_t parsed = 0;
  uloc_forLanguageTag(std::string(text).c_str(), locale, sizeof(locale), &parsed, &error);
  return U_SUCCESS(error) && static_cast<size_t>(parsed) == text.size();
}

// "contacts", "savedViews"; with `is_field` "display_name".
bool IsWord(absl::string_view text, bool is_field) {
  return absl::ascii_isalpha(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_field ? absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'
                           : absl::ascii_isalnum(c);
         });
}

// JSON has it without its underscores, where only a letter after one can be told again.
bool IsKey(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && (i + 1 == text.size() || !absl::ascii_islower(text[i + 1]))) return false;
  }
  return absl::ascii_islower(text[0]) && IsWord(text, /*is_field=*/true);
}

// A field, or a key of one that is a map.
bool IsField(absl::string_view text) {
  const size_t dot = text.find('.');
  const absl::string_view field = text.substr(0, dot);
  if (field.empty() || !IsWord(field, /*is_field=*/true)) return false;
  if (dot == absl::string_view::npos) return true;
  const absl::string_view key = text.substr(dot + 1);
  return !key.empty() && IsKey(key);
}

// "contacts.read", with at most one part of the two left open.
bool IsPermission(absl::string_view text) {
  if (text == "*") return true;
  const size_t dot = text.find('.');
  if (dot == absl::string_view::npos) return false;
  const absl::string_view of = text.substr(0, dot);
  const absl::string_view verb = text.substr(dot + 1);
  const auto is_part = [](absl::string_view part) {
    return part == "*" || (!part.empty() && IsWord(part, /*is_field=*/true));
  };
  return is_part(of) && is_part(verb) && !(of == "*" && verb == "*");
}

std::string QueryDefect(absl::string_view rule, const absl::Status& parsed) {
  return parsed.ok() ? "" : absl::StrCat(rule, ": ", parsed.message());
}

std::string FormatDefect(absl::string_view text, Format format) {
  switch (format) {
    case Format::FORMAT_UNSPECIFIED:
      return "";
    case Format::FORMAT_EMAIL:
      return EmailKey(text).has_value() ? "" : "must be an e-mail address: local@domain";
    case Format::FORMAT_PHONE:
      return IsPhone(text) ? "" : "must be a telephone number: at least three digits";
    case Format::FORMAT_CURRENCY:
      return CurrencyDecimals(text).has_value() ? "" : "must be an ISO 4217 currency code in use";
    case Format::FORMAT_RESOURCE_ID:
      return IsResourceId(text) ? ""
                                : "must be 1 to 63 of A-Z a-z 0-9 _ - beginning with a letter or "
                                  "digit";
    case Format::FORMAT_COUNTRY:
      return IsCountry(text) ? "" : "must be an ISO 3166-1 alpha-2 country code in upper case";
    case Format::FORMAT_URL:
      return IsUrl(text) ? "" : "must be an absolute http or https URL";
    case Format::FORMAT_REQUEST_ID:
      return text.size() <= kRequestIdBytesMax && IsPrintableAscii(text)
                 ? ""
                 : "must be 1 to 128 printable ASCII characters";
    case Format::FORMAT_LANGUAGE:
      return IsLanguage(text) ? "" : "must be a BCP 47 language tag";
    case Format::FORMAT_TIME_ZONE:
      return TimeZoneOf(text).has_value() ? "" : "must be a name of the tz database";
    case Format::FORMAT_COLLECTION:
      return IsWord(text, /*is_field=*/false) ? "" : "must be a collection like contacts";
    case Format::FORMAT_FIELD:
      return IsField(text) ? "" : "must be a field like display_name or custom.tier";
    case Format::FORMAT_FILTER:
      return QueryDefect("must be an AIP-160 filter", projections::ParseFilter(text).status());
    case Format::FORMAT_ORDER_BY:
      return QueryDefect("must be an AIP-132 order", projections::ParseOrderBy(text).status());
    case Format::FORMAT_DOMAIN:
      return std::string(RegistrableDomain(text).status().message());
    case Format::FORMAT_PERMISSION:
      return IsPermission(text) ? "" : "must be a permission like contacts.read or contacts.*";
    case Format::FORMAT_CUSTOMISABLE:
      return IsWord(text, /*is_field=*/false) ? "" : "must be a collection like contacts";
    case Format::FORMAT_KEY:
      return IsKey(text) ? ""
                         : "must be a key like next_tier: a small letter, then small letters, "
                           "digits, and _ before a letter";
    case Format::FORMAT_TIME_OF_DAY:
      return DaySecondsOf(text).has_value()
                 ? ""
                 : "must be a time of day from 00:00 to 24:00 like 09:30";
    case Format::FORMAT_RECURRENCE:
      return RecurrenceDefect(text);
    default:
      return "has a format that this server does not know";
  }
}

}  // namespace

std::string TextDefect(absl::string_view text, Format format, size_t max_bytes,
                       size_t max_characters) {
  if (text.size() > max_bytes) {
    return absl::StrCat("must be at most ", max_bytes, " bytes long, and is ", text.size());
  }
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return IsControl(c); })) {
    return "must not have control characters";
  }
  if (!IsUtf8(text)) return "must be valid UTF-8";
  if (const size_t characters = CharactersOf(text);
      max_characters > 0 && characters > max_characters) {
    return absl::StrCat("must be at most ", max_characters, " characters long, and is ",
                        characters);
  }
  return text.empty() ? "" : FormatDefect(text, format);
}

}  // namespace kith::runtime
