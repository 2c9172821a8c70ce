// What browsers and scripts send of a form. The first line is its content type.
#include "eventstore/base/check.h"
#include "services/forms/posted_form.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {

void FuzzPostedForm(absl::string_view bytes) {
  const size_t line = bytes.find('\n');
  if (line == bytes.npos) return;
  const absl::string_view type = bytes.substr(0, line);
  const auto posted = forms::ParsePosted(type, bytes.substr(line + 1));
  if (!posted.ok()) return;
  KITH_CHECK(posted->size() <= forms::kPostedValuesMax);
  KITH_CHECK(forms::PostedAsOf(type) != forms::PostedAs::kUnknown);
}

}  // namespace kith::fuzz
