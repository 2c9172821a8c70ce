#include "eventstore/base/normalise.h"

#include <idn2.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr size_t kAddressBytesMax = 254;  // RFC 5321: a path without its brackets
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kLabelBytesMax = 63;

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

icu::UnicodeString ToUtf16(absl::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

// One of ICU's normalizers, which live for ever, applied. It fails only when memory runs out.
icu::UnicodeString Normalise(const icu::Normalizer2* (*instance)(UErrorCode&),
                             const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = instance(error);
  KITH_CHECK(U_SUCCESS(error));
  icu::UnicodeString result = normalizer->normalize(text, error);
  KITH_CHECK(U_SUCCESS(error));
  return result;
}

// Quoted local parts with spaces are refused: no provider gives them out, and they have smuggled
// second recipients past many a check.
bool IsLocalPart(absl::string_view local) {
  if (local.empty() || local.size() > kLocalBytesMax || !IsUtf8(local)) return false;
  return std::none_of(local.begin(), local.end(), [](unsigned char c) {
    return absl::ascii_isspace(c) || absl::ascii_iscntrl(c) || c == '@' || c == '<' || c == '>' ||
           c == ',' || c == ';' || c == '"';
  });
}

// Labels of letters, digits and inner hyphens; two at least.
bool IsAsciiDomain(absl::string_view domain) {
  int labels = 0;
  for (const absl::string_view label : absl::StrSplit(domain, '.')) {
    if (label.empty() || label.size() > kLabelBytesMax) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    const bool plain = std::all_of(label.begin(), label.end(), [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '-';
    });
    if (!plain) return false;
    ++labels;
  }
  return labels >= 2;
}

// The domain's ASCII form in lower case (IDNA 2008 with the mapping of UTS 46).
std::optional<std::string> DomainKey(absl::string_view domain) {
  std::string key;
  if (IsAscii(domain)) {
    key = absl::AsciiStrToLower(domain);
  } else {
    char* ascii = nullptr;
    const int flags = IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT;
    if (idn2_to_ascii_8z(std::string(domain).c_str(), &ascii, flags) != IDN2_OK) {
      return std::nullopt;
    }
    key = ascii;
    idn2_free(ascii);
  }
  if (!IsAsciiDomain(key)) return std::nullopt;
  return key;
}

std::string LocalKey(absl::string_view local) {
  if (IsAscii(local)) return absl::AsciiStrToLower(local);
  return ToUtf8(
      Normalise(icu::Normalizer2::getNFCInstance, ToUtf16(local)).toLower(icu::Locale::getRoot()));
}

// Every run of white space one space, none at the ends.
std::string SingleSpaced(absl::string_view text) {
  std::string spaced(text);
  absl::RemoveExtraAsciiWhitespace(&spaced);
  std::replace_if(
      spaced.begin(), spaced.end(), [](unsigned char c) { return absl::ascii_isspace(c); }, ' ');
  return spaced;
}

// Accents are marks of their own once a text is decomposed.
icu::UnicodeString WithoutMarks(const icu::UnicodeString& decomposed) {
  icu::UnicodeString bare;
  for (int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 c = decomposed.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) bare.append(c);
  }
  return bare;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  int32_t i = 0;
  const auto length = static_cast<int32_t>(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  while (i < length) {
    UChar32 c;
    U8_NEXT(bytes, i, length, c);
    if (c < 0) return false;
  }
  return true;
}

std::optional<std::string> EmailKey(absl::string_view address) {
  address = absl::StripAsciiWhitespace(address);
  const size_t at = address.rfind('@');
  if (address.size() > kAddressBytesMax || at == absl::string_view::npos) return std::nullopt;
  const absl::string_view local = address.substr(0, at);
  absl::string_view domain = address.substr(at + 1);
  absl::ConsumeSuffix(&domain, ".");
  if (!IsLocalPart(local)) return std::nullopt;
  const std::optional<std::string> domain_key = DomainKey(domain);
  if (!domain_key.has_value()) return std::nullopt;
  return absl::StrCat(LocalKey(local), "@", *domain_key);
}

std::string EmailForm(absl::string_view address) {
  return EmailKey(address).value_or(absl::AsciiStrToLower(absl::StripAsciiWhitespace(address)));
}

std::string FoldedName(absl::string_view text) {
  if (IsAscii(text)) return absl::AsciiStrToLower(SingleSpaced(text));
  const icu::UnicodeString folded =
      Normalise(icu::Normalizer2::getNFKCCasefoldInstance, ToUtf16(text));
  const icu::UnicodeString bare = WithoutMarks(Normalise(icu::Normalizer2::getNFDInstance, folded));
  return SingleSpaced(ToUtf8(Normalise(icu::Normalizer2::getNFCInstance, bare)));
}

}  // namespace kith
