// The normal form of telephone numbers; those of names and e-mail addresses are in
// eventstore/base/normalise.h, because views compare by them too.
//
// Over libphonenumber. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/normalise.h"

namespace kith {

// A number written internationally or as in `default_region` (ISO 3166-1 alpha-2; may be empty).
struct PhoneForm {
  std::string e164;       // "+4930901820", without the extension; empty when none is possible
  std::string extension;  // digits; empty when there is none
  // Whether it is of a range that is given out: a number may be possible by its length alone.
  bool is_valid = false;
};
PhoneForm PhoneFormOf(absl::string_view raw, absl::string_view default_region);

// Its E.164; nullopt when no such number is possible.
std::optional<std::string> PhoneE164(absl::string_view raw, absl::string_view default_region);

}  // namespace kith
