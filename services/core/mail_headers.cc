#include "services/core/mail_headers.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/status_macros.h"

namespace kith {
namespace {

constexpr absl::string_view kAddressHeaders[] = {"from", "sender", "reply-to", "to", "cc", "bcc"};
constexpr absl::string_view kEncodings[] = {"base64", "quoted-printable", "x-uuencode"};

template <size_t count>
bool IsOneOf(absl::string_view word, const absl::string_view (&words)[count]) {
  return std::any_of(std::begin(words), std::end(words),
                     [word](absl::string_view one) { return absl::EqualsIgnoreCase(word, one); });
}

class HeaderScan {
 public:
  explicit HeaderScan(absl::string_view raw) : rest_(raw) {}

  absl::Status Run() {
    KITH_RETURN_IF_ERROR(Begin());
    while (!rest_.empty()) {
      if (is_header_) {
        KITH_RETURN_IF_ERROR(TakeHeader());
      } else if (IsBoundary(TakeLine())) {
        KITH_RETURN_IF_ERROR(Begin());
      }
    }
    return absl::OkStatus();
  }

 private:
  // What is told in a block of headers, as far as it says whether another follows it.
  struct Block {
    bool is_message = false;
    bool is_mixed = false;  // a boundary stands in it: maybe two blocks, maybe one
    int encodings = 0;
    bool is_encoded = false;
  };

  // A block of headers. Without an empty line before it, it may go on with the one before.
  absl::Status Begin() {
    block_ = {};
    is_header_ = true;
    // A part has one, and where it is a mail another.
    if (++blocks_ > 2 * kMailPartsMax + 1) return MailTooLarge("parts", kMailPartsMax);
    return absl::OkStatus();
  }

  // A line, with its end.
  absl::string_view TakeLine() {
    const size_t end = rest_.find('\n');
    const absl::string_view line = rest_.substr(0, end == rest_.npos ? end : end + 1);
    rest_.remove_prefix(line.size());
    return line;
  }

  // A header with the lines that it goes on in, or the empty line that ends them.
  absl::Status TakeHeader() {
    absl::string_view header = TakeLine();
    if (header == "\n" || header == "\r\n") return End();
    const absl::string_view first = header;
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) {
      header = absl::string_view(header.data(), header.size() + TakeLine().size());
    }
    int64_t& bytes = blocks_ == 1 ? own_bytes_ : part_bytes_;
    bytes += static_cast<int64_t>(header.size());
    if (own_bytes_ > kMailHeaderBytesMax) {
      return MailTooLarge("bytes of headers", kMailHeaderBytesMax);
    }
    if (part_bytes_ > kMailPartHeaderBytesMax) {
      return MailTooLarge("bytes of headers of its parts", kMailPartHeaderBytesMax);
    }
    if (IsBoundary(first)) {
      block_.is_mixed = true;
      if (++blocks_ > 2 * kMailPartsMax + 1) return MailTooLarge("parts", kMailPartsMax);
      return absl::OkStatus();
    }
    const size_t colon = header.find(':');
    if (colon == header.npos) return absl::OkStatus();
    return Read(absl::StripAsciiWhitespace(header.substr(0, colon)),
                absl::StripAsciiWhitespace(header.substr(colon + 1)));
  }

  absl::Status Read(absl::string_view name, absl::string_view value) {
    if (IsOneOf(name, kAddressHeaders) &&
        std::count(value.begin(), value.end(), ':') > kMailAddressGroupsMax) {
      return MailTooLarge("colons in a header of addresses", kMailAddressGroupsMax);
    }
    if (absl::EqualsIgnoreCase(name, "content-transfer-encoding")) {
      ++block_.encodings;
      block_.is_encoded = IsOneOf(value, kEncodings);
    }
    if (!absl::EqualsIgnoreCase(name, "content-type")) return absl::OkStatus();
    // As it is, and as it is on one line: GMime takes out what folds it before it asks for more.
    KITH_RETURN_IF_ERROR(ReadType(std::string(value)));
    std::string line = absl::StrReplaceAll(value, {{"\r", ""}, {"\n", ""}});
    KITH_RETURN_IF_ERROR(ReadType(line));
    std::replace(line.begin(), line.end(), '\t', ' ');
    return ReadType(line);
  }

  absl::Status ReadType(const std::string& value) {
    GMimeContentType* const type = g_mime_content_type_parse(nullptr, value.c_str());
    if (type == nullptr) return absl::OkStatus();
    block_.is_message |= g_mime_content_type_is_type(type, "message", "*") != 0;
    has_digest_ |= g_mime_content_type_is_type(type, "multipart", "digest") != 0;
    if (const char* const boundary = g_mime_content_type_get_parameter(type, "boundary")) {
      boundaries_.insert(
          std::string(absl::StripTrailingAsciiWhitespace(absl::StrCat("--", boundary))));
    }
    g_object_unref(type);
    if (boundaries_.size() > kMailMultipartsMax) {
      return MailTooLarge("parts that have parts", kMailMultipartsMax);
    }
    return absl::OkStatus();
  }

  // The headers of a mail follow those of the part that it is, unless it is encoded. In a digest a
  // part is one that says nothing else, or nothing that is understood.
  absl::Status End() {
    is_header_ = false;
    const bool is_leaf = block_.is_encoded && block_.encodings == 1 && !block_.is_mixed;
    return (block_.is_message || has_digest_) && !is_leaf ? Begin() : absl::OkStatus();
  }

  // Also one of parts that have ended.
  bool IsBoundary(absl::string_view line) const {
    return absl::StartsWith(line, "--") &&
           boundaries_.contains(absl::StripTrailingAsciiWhitespace(line));
  }

  absl::string_view rest_;
  bool is_header_ = false;
  bool has_digest_ = false;
  Block block_;
  int blocks_ = 0;
  int64_t own_bytes_ = 0;
  int64_t part_bytes_ = 0;
  absl::flat_hash_set<std::string> boundaries_;
};

}  // namespace

absl::Status CheckMailHeaders(absl::string_view raw) {
  static const bool begun = [] {
    g_mime_init();
    return true;
  }();
  static_cast<void>(begun);
  return HeaderScan(raw).Run();
}

absl::Status MailTooLarge(absl::string_view what, int64_t bound) {
  return absl::InvalidArgumentError(absl::StrCat("the mail has more than ", bound, " ", what));
}

}  // namespace kith
