#include "services/core/normalise.h"

#include <phonenumbers/phonenumberutil.h>

#include <utility>

namespace kith {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// The region of libphonenumber's tables that knows international numbers only.
constexpr char kNoRegion[] = "ZZ";

}  // namespace

PhoneForm PhoneFormOf(absl::string_view raw, absl::string_view default_region) {
  PhoneForm form;
  if (!IsUtf8(raw)) return form;
  const PhoneNumberUtil& phones = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  const std::string region = default_region.empty() ? kNoRegion : std::string(default_region);
  if (phones.Parse(std::string(raw), region, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !phones.IsPossibleNumber(number)) {
    return form;
  }
  phones.Format(number, PhoneNumberUtil::E164, &form.e164);
  form.extension = number.extension();
  form.is_valid = phones.IsValidNumber(number);
  return form;
}

std::optional<std::string> PhoneE164(absl::string_view raw, absl::string_view default_region) {
  PhoneForm form = PhoneFormOf(raw, default_region);
  if (form.e164.empty()) return std::nullopt;
  return std::move(form.e164);
}

}  // namespace kith
