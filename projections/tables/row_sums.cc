#include "projections/tables/row_sums.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "google/type/money.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::type::Money;

constexpr __int128 kNanosPerUnit = 1'000'000'000;

// The fields that a path leads through.
std::vector<const FieldDescriptor*> StepsOf(const std::string& path, const Message& row) {
  std::vector<const FieldDescriptor*> steps;
  const google::protobuf::Descriptor* message = row.GetDescriptor();
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    steps.push_back(message->FindFieldByName(std::string(step)));
    message = steps.back()->message_type();
  }
  return steps;
}

bool CanBeSummed(const Field& field) {
  if (field.personal) return false;
  if (field.amount != nullptr) return true;
  if (field.many || field.path.empty()) return false;
  if (field.type == FieldType::kMoney) return true;
  const bool is_number = field.type == FieldType::kInteger || field.type == FieldType::kUnsigned;
  // The units of an amount mean nothing without their currency.
  return is_number && !field.money;
}

absl::Status Refused(absl::string_view where, absl::string_view rule, absl::string_view message,
                     absl::string_view fields = "") {
  google::rpc::BadRequest request;
  auto& violation = *request.add_field_violations();
  violation.set_field(std::string(where));
  violation.set_description(std::string(rule));
  return Error(type::v1::ERROR_INVALID_FIELD, message, {{"fields", std::string(fields)}}, request);
}

absl::Status CannotBeSummed(int at, const std::string& name, const std::vector<Field>& fields) {
  std::vector<absl::string_view> names;
  for (const Field& field : fields) {
    if (CanBeSummed(field)) names.push_back(field.name);
  }
  const std::string where = absl::StrCat("summary.sums[", at, "]");
  if (names.empty()) {
    return Refused(where, "must be left out: nothing of this list can be summed",
                   absl::StrCat("\"", name, "\" cannot be summed: nothing of this list can be."));
  }
  std::sort(names.begin(), names.end());
  const std::string known = absl::StrJoin(names, ", ");
  return Refused(where, absl::StrCat("must be one of ", known),
                 absl::StrCat("\"", name, "\" cannot be summed over the list, but ", known, "."),
                 known);
}

bool FitsInteger(__int128 value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

absl::Status OutOfRange(absl::string_view field, absl::string_view currency) {
  return Error(type::v1::ERROR_OUT_OF_RANGE,
               absl::StrCat("The sum of ", field, currency.empty() ? "" : " in ", currency,
                            " is beyond what can be told. Narrow the filter."),
               {{"field", std::string(field)}, {"currency_code", std::string(currency)}});
}

__int128 NumberIn(const Message& message, const FieldDescriptor* leaf) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (leaf->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, leaf);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, leaf);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, leaf);
    default:
      return reflection.GetUInt64(message, leaf);
  }
}

}  // namespace

absl::StatusOr<RowSums> RowSums::Of(const std::vector<Field>& fields, const Message& row,
                                    const google::protobuf::RepeatedPtrField<std::string>& names) {
  if (names.size() > kSumsMax) {
    return Refused("summary.sums", absl::StrCat("must not have more than ", kSumsMax, " fields"),
                   absl::StrCat("A list sums ", kSumsMax, " fields at most."));
  }
  RowSums sums;
  for (int i = 0; i < names.size(); ++i) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) {
      return candidate.name == names[i] || candidate.path == names[i];
    });
    if (field == fields.end() || !CanBeSummed(*field)) {
      return CannotBeSummed(i, names[i], fields);
    }
    sums.sums_.push_back({&*field, {}, {}});
    if (field->amount == nullptr) sums.sums_.back().path = StepsOf(field->path, row);
  }
  return sums;
}

const Field* RowSums::FindThat(const std::function<bool(const Field&)>& holds) const {
  for (const Sum& sum : sums_) {
    if (holds(*sum.field)) return sum.field;
  }
  return nullptr;
}

void RowSums::Add(const Message& row) {
  for (Sum& sum : sums_) {
    if (sum.field->amount != nullptr) {
      const Money* const money = sum.field->amount(row);
      if (money != nullptr) {
        sum.totals[money->currency_code()] += money->units() * kNanosPerUnit + money->nanos();
      }
      continue;
    }
    const Message* at = &row;
    for (size_t depth = 0; depth + 1 < sum.path.size(); ++depth) {
      at = &at->GetReflection()->GetMessage(*at, sum.path[depth]);
    }
    const FieldDescriptor* const leaf = sum.path.back();
    if (sum.field->type != FieldType::kMoney) {
      sum.totals[""] += NumberIn(*at, leaf);
    } else if (at->GetReflection()->HasField(*at, leaf)) {
      const auto& money = static_cast<const Money&>(at->GetReflection()->GetMessage(*at, leaf));
      sum.totals[money.currency_code()] += money.units() * kNanosPerUnit + money.nanos();
    }
  }
}

absl::Status RowSums::Tell(type::v1::ListSummary* summary) const {
  for (const Sum& sum : sums_) {
    type::v1::FieldSum& told = *summary->add_sums();
    told.set_field(sum.field->name);
    const bool is_money = sum.field->type == FieldType::kMoney;
    if (!is_money) told.set_number(0);
    for (const auto& [currency, total] : sum.totals) {
      const __int128 units = is_money ? total / kNanosPerUnit : total;
      if (!FitsInteger(units)) return OutOfRange(sum.field->name, currency);
      if (!is_money) {
        told.set_number(static_cast<int64_t>(units));
        continue;
      }
      Money& amount = *told.add_amounts();
      amount.set_currency_code(currency);
      amount.set_units(static_cast<int64_t>(units));
      amount.set_nanos(static_cast<int32_t>(total % kNanosPerUnit));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::projections
