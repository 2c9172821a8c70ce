#include "services/edge/codec.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "services/edge/json_literals.h"
#include "services/runtime/requests/validate.h"

namespace kith::edge {
namespace {

namespace util = google::protobuf::util;

constexpr char kTypes[] = "type.googleapis.com";

// Types that are linked in, for the library's JSON.
util::TypeResolver& Types() {
  static util::TypeResolver& types = *util::NewTypeResolverForDescriptorPool(
      kTypes, google::protobuf::DescriptorPool::generated_pool());
  return types;
}

// The library tells what is wrong with a value as "(contact.emails[0]) no_such: Cannot find
// field.", of which either part of the place may be missing.
absl::Status ValueError(absl::string_view told) {
  constexpr size_t kToldMax = 512;  // it repeats what the caller has written
  told = told.substr(0, kToldMax);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(told, absl::MaxSplits(": ", 1));
  absl::string_view place = parts.first;
  std::string field;
  if (absl::ConsumePrefix(&place, "(")) {
    const size_t end = place.find(')');
    field = std::string(place.substr(0, end));
    place = end == absl::string_view::npos ? "" : place.substr(end + 1);
  }
  const absl::string_view name = absl::StripAsciiWhitespace(place);
  if (!name.empty()) absl::StrAppend(&field, field.empty() ? "" : ".", name);
  if (parts.second == "Cannot find field.") {
    return runtime::ViolationError(field, "is no field of the message");
  }
  return runtime::ViolationError(field, absl::StrCat("does not parse: ", parts.second));
}

// The caller's text as an error may tell it: it may be cut within a character, or be none at all.
std::string Told(absl::string_view text) {
  std::string told(text);
  for (char& c : told) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return told;
}

// What is wrong with the text, in three lines: the trouble, the text around it, a mark below.
absl::Status TextError(const std::vector<absl::string_view>& lines) {
  const std::string around = Told(lines[1]);
  const std::string before = around.substr(0, lines.back().find('^'));
  return runtime::ViolationError(
      "", absl::StrCat("the JSON does not parse: ", absl::StripSuffix(lines[0], "."),
                       around.empty() ? " at its end"
                                      : absl::StrCat(" behind `", before, "`, in `", around, "`")));
}

}  // namespace

absl::string_view NameOf(Encoding encoding) {
  return encoding == Encoding::kJson ? "json" : "proto";
}

absl::StatusOr<std::string> BytesOfJson(const google::protobuf::Descriptor& type,
                                        absl::string_view json) {
  std::string bytes;
  google::protobuf::io::ArrayInputStream in(json.data(), static_cast<int>(json.size()));
  google::protobuf::io::StringOutputStream out(&bytes);
  const auto made =
      util::JsonToBinaryStream(&Types(), absl::StrCat(kTypes, "/", type.full_name()), &in, &out);
  if (made.ok()) {
    KITH_RETURN_IF_ERROR(CheckLiterals(json));
    return bytes;
  }
  const std::string told(made.message().data(), made.message().size());
  const std::vector<absl::string_view> lines = absl::StrSplit(told, '\n');
  return lines.size() >= 3 ? TextError(lines) : ValueError(told);
}

absl::Status Append(const google::protobuf::Message& message, Encoding encoding,
                    std::string* bytes) {
  if (encoding == Encoding::kProto) {
    return message.AppendToString(bytes)
               ? absl::OkStatus()
               : absl::InternalError(absl::StrCat(message.GetTypeName(), " is not complete"));
  }
  util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto told = util::MessageToJsonString(message, &json, options);
  if (!told.ok()) {
    return absl::InternalError(absl::StrCat(
        message.GetTypeName(),
        " cannot be told as JSON: ", std::string(told.message().data(), told.message().size())));
  }
  bytes->append(json);
  return absl::OkStatus();
}

}  // namespace kith::edge
