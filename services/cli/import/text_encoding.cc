#include "services/cli/import/text_encoding.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

constexpr absl::string_view kUtf8Mark = "\xEF\xBB\xBF";
// A text of this many bytes has an index in ICU three times over.
constexpr size_t kBytesMax = 512ull << 20;
constexpr size_t kPieceUnits = 1 << 16;

bool BeginsLikeUtf16(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\xFF\xFE") || absl::StartsWith(bytes, "\xFE\xFF");
}

bool IsUtf8Name(absl::string_view encoding) {
  return encoding.empty() || absl::EqualsIgnoreCase(encoding, "UTF-8") ||
         absl::EqualsIgnoreCase(encoding, "UTF8");
}

std::string ToUtf8(const std::u16string& text) {
  std::string utf8(text.size() * 3, '\0');
  int32_t size = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(utf8.data(), static_cast<int32_t>(utf8.size()), &size, text.data(),
                     static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &error);
  utf8.resize(U_FAILURE(error) ? 0 : static_cast<size_t>(size));
  return utf8;
}

}  // namespace

absl::StatusOr<std::string> DecodeText(std::string bytes, const std::string& encoding) {
  if (bytes.size() > kBytesMax) {
    return absl::InvalidArgumentError("it has more than 512 MiB; import it in parts");
  }
  if (absl::StartsWith(bytes, kUtf8Mark)) return bytes.substr(kUtf8Mark.size());
  const bool is_utf16 = BeginsLikeUtf16(bytes);
  if (!is_utf16 && IsUtf8Name(encoding)) return bytes;
  const std::string name = is_utf16 ? "UTF-16" : encoding;
  UErrorCode error = U_ZERO_ERROR;
  UConverter* const converter = ucnv_open(name.c_str(), &error);
  if (U_FAILURE(error)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no encoding \"", name,
                                                   "\"; there are UTF-8, UTF-16, windows-1252, "
                                                   "ISO-8859-1, and what else ICU knows"));
  }
  const auto close = absl::MakeCleanup([converter] { ucnv_close(converter); });
  ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  std::u16string text;
  std::u16string piece(kPieceUnits, u'\0');
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  do {
    UChar* to = piece.data();
    error = U_ZERO_ERROR;
    ucnv_toUnicode(converter, &to, to + piece.size(), &at, end, nullptr, /*flush=*/true, &error);
    if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR) {
      return absl::InvalidArgumentError(
          absl::StrCat("before its byte ", at - bytes.data() + 1, " is what is not ", name));
    }
    text.append(piece.data(), to);
  } while (error == U_BUFFER_OVERFLOW_ERROR);
  return ToUtf8(text);
}

}  // namespace kith::cli
