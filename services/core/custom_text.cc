#include "services/core/custom_text.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/money_text.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "services/core/date.h"
#include "services/core/money.h"
#include "services/core/url.h"

namespace kith {
namespace {

using type::v1::CustomValue;

std::string ReadNumber(const std::string& text, CustomValue& value) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number)) return "must be a number";
  value.set_number(number);
  return "";
}

std::string ReadMoney(const std::string& text, CustomValue& value) {
  google::type::Money money;
  if (!ParseMoneyText(text, &money)) {
    return "must be an amount with its currency like 24000.50 EUR";
  }
  *value.mutable_money() = money;
  return MoneyDefect(money);
}

std::string ReadDate(const std::string& text, CustomValue& value) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day) || day.year() < 1 || day.year() > 9'999) {
    return "must be a day like 2026-01-31";
  }
  *value.mutable_date() = DateOf(day);
  return DateDefect(value.date());
}

std::string ReadTime(const std::string& text, CustomValue& value) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return "must be a time like 2026-01-31T12:00:00Z";
  }
  *value.mutable_time() = ToTimestamp(time);
  return TimeDefect(value.time());
}

std::string ReadBoolean(const std::string& text, CustomValue& value) {
  if (text != "true" && text != "false") return "must be true or false";
  value.set_boolean(text == "true");
  return "";
}

void ReadChoices(const std::string& text, CustomValue& value) {
  value.mutable_choices();
  for (const absl::string_view choice : absl::StrSplit(text, ',')) {
    value.mutable_choices()->add_values(std::string(absl::StripAsciiWhitespace(choice)));
  }
}

}  // namespace

std::string ReadCustomText(const custom_fields::v1::CustomField& field, CustomValue& value) {
  const std::string text = value.text();
  switch (field.type()) {
    case custom_fields::v1::NUMBER:
      return ReadNumber(text, value);
    case custom_fields::v1::MONEY:
      return ReadMoney(text, value);
    case custom_fields::v1::DATE:
      return ReadDate(text, value);
    case custom_fields::v1::TIME:
      return ReadTime(text, value);
    case custom_fields::v1::BOOLEAN:
      return ReadBoolean(text, value);
    case custom_fields::v1::CHOICE:
      value.set_choice(text);
      return "";
    case custom_fields::v1::CHOICES:
      ReadChoices(text, value);
      return "";
    case custom_fields::v1::URL:
      value.set_url(text);
      return IsUrl(text) ? "" : "must be an absolute http or https URL";
    case custom_fields::v1::EMAIL:
      value.set_email(text);
      return EmailKey(text).has_value() ? "" : "must be an e-mail address: local@domain";
    case custom_fields::v1::RECORD:
      value.set_record(text);
      return "";
    default:
      return "";
  }
}

}  // namespace kith
