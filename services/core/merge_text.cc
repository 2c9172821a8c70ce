#include "services/core/merge_text.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "kainjow/mustache.hpp"

namespace kith {
namespace {

using kainjow::mustache::basic_context;
using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr absl::string_view kOpen = "{{";
constexpr absl::string_view kClose = "}}";
// How much of a gap is told of one that is wrong.
constexpr size_t kToldMax = 64;

absl::Status Wrong(absl::string_view what, absl::string_view gap) {
  return absl::InvalidArgumentError(absl::StrCat(what, ", ", gap.substr(0, kToldMax)));
}

bool IsName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  });
}

// One gap: what is between the braces, and the whole of it.
struct Gap {
  absl::string_view inner;
  absl::string_view whole;
};

// What a gap names; empty for a comment. The library takes more than we do.
absl::StatusOr<absl::string_view> NameIn(const Gap& gap, MergeForm form) {
  absl::string_view name = absl::StripAsciiWhitespace(gap.inner);
  const char kind = name.empty() ? ' ' : name[0];
  switch (kind) {
    case '!':
      return absl::string_view();
    case '>':
      return Wrong("has a partial", gap.whole);
    case '=':
      return Wrong("sets other delimiters", gap.whole);
    case '{':
    case '&':
      if (form == MergeForm::kHtml) return Wrong("has a gap whose value is not escaped", gap.whole);
      name = absl::StripSuffix(name, "}");
      break;
    default:
      break;
  }
  if (absl::StrContains("#^/{&", kind)) name = absl::StripAsciiWhitespace(name.substr(1));
  if (!IsName(name)) return Wrong("has a gap that names nothing", gap.whole);
  return name;
}

// The gap that begins at `text`; an error where it has no end.
absl::StatusOr<Gap> GapAt(absl::string_view text) {
  const bool is_triple = absl::StartsWith(text, "{{{");
  const absl::string_view close = is_triple ? absl::string_view("}}}") : kClose;
  const size_t end = text.find(close, kOpen.size());
  if (end == text.npos) return Wrong("has a gap without an end", text);
  const size_t inner_end = is_triple ? end + 1 : end;
  return Gap{text.substr(kOpen.size(), inner_end - kOpen.size()),
             text.substr(0, end + close.size())};
}

// What the library asks for values.
class Values final : public basic_context<std::string> {
 public:
  Values(MergeForm form, MergeValue value) : form_(form), value_(value) {}

  // Sections have no names of their own.
  void push(const data*) override {}
  void pop() override {}
  const data* get(const std::string& name) const override {
    const auto known = known_.find(name);
    if (known != known_.end()) return known->second.get();
    std::string text = value_(name);
    if (form_ == MergeForm::kLine) {
      std::replace_if(
          text.begin(), text.end(),
          [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, ' ');
    }
    auto& made = known_[name];
    if (!text.empty()) made = std::make_unique<data>(std::move(text));
    return made.get();
  }
  const data* get_partial(const std::string&) const override { return nullptr; }

 private:
  const MergeForm form_;
  const MergeValue value_;
  mutable std::map<std::string, std::unique_ptr<data>> known_;  // null: no value
};

}  // namespace

absl::StatusOr<std::vector<std::string>> MergeNames(absl::string_view text, MergeForm form) {
  std::vector<std::string> names;
  size_t gaps = 0;
  for (size_t at = text.find(kOpen); at != text.npos; at = text.find(kOpen, at)) {
    KITH_ASSIGN_OR_RETURN(const Gap gap, GapAt(text.substr(at)));
    KITH_ASSIGN_OR_RETURN(const absl::string_view name, NameIn(gap, form));
    if (++gaps > kGapsMax) {
      return absl::InvalidArgumentError(absl::StrCat("has more than ", kGapsMax, " gaps"));
    }
    const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
    if (is_new && !name.empty()) names.emplace_back(name);
    at += gap.whole.size();
  }
  // Whether every section has an end of its own.
  const mustache parsed{std::string(text)};
  if (!parsed.is_valid()) {
    return absl::InvalidArgumentError(absl::StrCat("is malformed: ", parsed.error_message()));
  }
  return names;
}

absl::StatusOr<std::string> MergeText(absl::string_view text, MergeForm form, MergeValue value,
                                      size_t bytes_max) {
  KITH_RETURN_IF_ERROR(MergeNames(text, form).status());
  mustache parsed{std::string(text)};
  if (form != MergeForm::kHtml) {
    parsed.set_custom_escape([](const std::string& plain) { return plain; });
  }
  Values values(form, value);
  std::string merged = parsed.render(values);
  if (merged.size() > bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("is longer than ", bytes_max, " bytes"));
  }
  return merged;
}

}  // namespace kith
