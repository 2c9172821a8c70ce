#include "services/core/normalise.h"

#include <phonenumbers/phonenumberutil.h>

namespace kith {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// The region of libphonenumber's tables that knows international numbers only.
constexpr char kNoRegion[] = "ZZ";

}  // namespace

std::optional<std::string> PhoneE164(absl::string_view raw, absl::string_view default_region) {
  if (!IsUtf8(raw)) return std::nullopt;
  const PhoneNumberUtil& phones = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  const std::string region = default_region.empty() ? kNoRegion : std::string(default_region);
  if (phones.Parse(std::string(raw), region, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !phones.IsPossibleNumber(number)) {
    return std::nullopt;
  }
  std::string e164;
  phones.Format(number, PhoneNumberUtil::E164, &e164);
  return e164;
}

}  // namespace kith
