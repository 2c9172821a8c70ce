#include "eventstore/base/normalise.h"

#include <idn2.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/domain.h"

namespace kith {
namespace {

constexpr size_t kAddressBytesMax = 254;
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kLabelBytesMax = 63;
constexpr absl::string_view kEncodedLabel = "xn--";
// Rises when these forms are others than before, whatever the libraries are.
constexpr int kVersion = 3;

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isascii(c); });
}

// FoldedName of ASCII, of which no letter has another form, and no accent.
std::string FoldedAscii(absl::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  bool space = false;
  for (const char c : text) {
    if (absl::ascii_isspace(c)) {
      space = !plain.empty();
      continue;
    }
    if (space) plain.push_back(' ');
    space = false;
    plain.push_back(absl::ascii_tolower(c));
  }
  return plain;
}

icu::UnicodeString Unicode(absl::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string Utf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

// What `normalizer` makes of the text. ICU's instances are static and never fail on valid text.
icu::UnicodeString Normalised(const icu::Normalizer2* normalizer, const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  return normalizer->normalize(text, error);
}

const icu::Normalizer2* Nfc() {
  UErrorCode error = U_ZERO_ERROR;
  return icu::Normalizer2::getNFCInstance(error);
}

// White space in the sense of Unicode, cut off at both ends.
icu::UnicodeString Trimmed(const icu::UnicodeString& text) {
  int32_t begin = 0;
  int32_t end = text.length();
  while (begin < end && u_isUWhiteSpace(text.char32At(begin))) ++begin;
  while (end > begin && u_isUWhiteSpace(text.char32At(end - 1))) --end;
  return icu::UnicodeString(text, begin, end - begin);
}

// What is not there to who looks: spaces, marks of direction, joiners, controls.
bool IsUnseen(UChar32 character) {
  return u_isUWhiteSpace(character) || u_iscntrl(character) ||
         u_charType(character) == U_FORMAT_CHAR ||
         u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

// `stop` is asked of each character of the text, which is UTF-8; whether it is true of any.
template <class Function>
bool AnyCharacter(absl::string_view text, Function stop) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t at = 0; at < size;) {
    UChar32 character;
    U8_NEXT(bytes, at, size, character);
    if (stop(character)) return true;
  }
  return false;
}

// The characters of an unquoted local part; everything beyond ASCII may be in one (RFC 6531).
bool IsLocalPart(absl::string_view local) {
  if (local.empty() || local.size() > kLocalBytesMax) return false;
  if (absl::StartsWith(local, ".") || absl::EndsWith(local, ".") ||
      absl::StrContains(local, "..")) {
    return false;
  }
  return std::all_of(local.begin(), local.end(), [](char c) {
    return !absl::ascii_isascii(c) ||
           (absl::ascii_isgraph(c) &&
            !absl::StrContains("\"(),:;<>@[\\]", absl::string_view(&c, 1)));
  });
}

// What a quoted local part says (RFC 5322, 3.2.4), of what is seen; nullopt where it is none.
std::optional<std::string> Unquoted(absl::string_view local) {
  if (local.size() < 3 || local.size() > kLocalBytesMax || local.front() != '"' ||
      local.back() != '"') {
    return std::nullopt;
  }
  const absl::string_view quoted = local.substr(1, local.size() - 2);
  std::string text;
  for (size_t at = 0; at < quoted.size(); ++at) {
    if (quoted[at] == '"') return std::nullopt;
    if (quoted[at] == '\\' && ++at == quoted.size()) return std::nullopt;
    text.push_back(quoted[at]);
  }
  return text;
}

// The one way to write a local part: quoted only where it has to be.
std::optional<std::string> LocalForm(absl::string_view local) {
  if (IsLocalPart(local)) return std::string(local);
  std::optional<std::string> text = Unquoted(local);
  if (!text.has_value() || IsLocalPart(*text)) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(*text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

bool IsHostLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-';
         });
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  return IsAscii(text) || !AnyCharacter(text, [](UChar32 character) { return character < 0; });
}

bool IsBlank(absl::string_view text) {
  return !AnyCharacter(text, [](UChar32 character) { return !IsUnseen(character); });
}

absl::string_view StripSpaces(absl::string_view text) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  int32_t begin = size;
  int32_t end = 0;
  for (int32_t at = 0; at < size;) {
    const int32_t from = at;
    UChar32 character;
    U8_NEXT(bytes, at, size, character);
    if (character >= 0 && u_isUWhiteSpace(character)) continue;
    begin = std::min(begin, from);
    end = at;
  }
  return end == 0 ? absl::string_view() : text.substr(begin, end - begin);
}

std::optional<std::string> DomainKey(absl::string_view domain) {
  if (AnyCharacter(domain, IsUnseen)) return std::nullopt;
  std::string ascii = absl::AsciiStrToLower(domain);
  // A label that says that it is of another script has to be one.
  if (!IsAscii(domain) || absl::StartsWith(ascii, kEncodedLabel) ||
      absl::StrContains(ascii, absl::StrCat(".", kEncodedLabel))) {
    uint8_t* encoded = nullptr;
    const std::string utf8(domain);
    const int status = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(utf8.c_str()), &encoded,
                                      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (status != IDN2_OK) return std::nullopt;
    ascii = absl::AsciiStrToLower(reinterpret_cast<const char*>(encoded));
    idn2_free(encoded);
  }
  if (absl::EndsWith(ascii, ".")) ascii.pop_back();
  const std::vector<absl::string_view> labels = absl::StrSplit(ascii, '.');
  if (labels.size() < 2 || !std::all_of(labels.begin(), labels.end(), IsHostLabel)) {
    return std::nullopt;
  }
  return ascii;
}

std::optional<std::string> EmailKey(absl::string_view address) {
  if (!IsUtf8(address)) return std::nullopt;
  std::string normal = IsAscii(address) ? std::string(absl::StripAsciiWhitespace(address))
                                        : Utf8(Trimmed(Normalised(Nfc(), Unicode(address))));
  if (normal.size() > kAddressBytesMax || AnyCharacter(normal, IsUnseen)) return std::nullopt;
  const size_t at = normal.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const std::optional<std::string> local = LocalForm(absl::string_view(normal).substr(0, at));
  if (!local.has_value()) return std::nullopt;
  const std::optional<std::string> domain = DomainKey(absl::string_view(normal).substr(at + 1));
  if (!domain.has_value() || local->size() + 1 + domain->size() > kAddressBytesMax) {
    return std::nullopt;
  }
  const std::string lower =
      IsAscii(*local) ? absl::AsciiStrToLower(*local)
                      : Utf8(Normalised(Nfc(), Unicode(*local).toLower(icu::Locale::getRoot())));
  return absl::StrCat(lower, "@", *domain);
}

std::string EmailForm(absl::string_view address) {
  return EmailKey(address).value_or(absl::AsciiStrToLower(absl::StripAsciiWhitespace(address)));
}

std::string FoldedName(absl::string_view text) {
  if (IsAscii(text)) return FoldedAscii(text);
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString folded =
      Normalised(icu::Normalizer2::getNFKCCasefoldInstance(error), Unicode(text));
  // Decomposed, accents are characters of their own.
  const icu::UnicodeString apart = Normalised(icu::Normalizer2::getNFDInstance(error), folded);
  icu::UnicodeString plain;
  bool space = false;
  for (int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    const UChar32 character = apart.char32At(i);
    if (u_isUWhiteSpace(character)) {
      space = !plain.isEmpty();
    } else if (u_charType(character) != U_NON_SPACING_MARK) {
      if (space) plain.append(UChar{' '});
      space = false;
      plain.append(character);
    }
  }
  return Utf8(Normalised(Nfc(), plain));
}

std::vector<std::string> FoldedWords(absl::string_view text) {
  const std::string folded = FoldedName(text);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(folded.data());
  const auto size = static_cast<int32_t>(folded.size());
  std::vector<std::string> words;
  bool within = false;
  for (int32_t at = 0; at < size;) {
    const int32_t begin = at;
    UChar32 character;
    U8_NEXT(bytes, at, size, character);
    // A mark belongs to the letter before it.
    const bool is_part =
        character >= 0 && (u_isalnum(character) || (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0);
    if (is_part && !within) words.emplace_back();
    if (is_part) words.back().append(folded, begin, at - begin);
    within = is_part;
  }
  return words;
}

std::string NormalFormsVersion() {
  const auto text = [](const UVersionInfo version) {
    char buffer[U_MAX_VERSION_STRING_LENGTH];
    u_versionToString(version, buffer);
    return std::string(buffer);
  };
  UVersionInfo icu;
  UVersionInfo unicode;
  u_getVersion(icu);
  u_getUnicodeVersion(unicode);
  return absl::StrCat("forms ", kVersion, ", ICU ", text(icu), ", Unicode ", text(unicode),
                      ", libidn2 ", idn2_check_version(nullptr), ", public suffixes ",
                      PublicSuffixesVersion());
}

}  // namespace kith
