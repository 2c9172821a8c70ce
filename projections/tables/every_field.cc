#include "projections/tables/every_field.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith::projections {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

Normalise NormaliseOf(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return nullptr;
  const auto& rules = field.options().GetExtension(options::v1::field);
  const bool is_name =
      field.name() == "name" || field.name() == "etag" || rules.resource_size() > 0;
  if (is_name) return nullptr;
  if (rules.format() == options::v1::FORMAT_EMAIL) return EmailForm;
  if (rules.format() == options::v1::FORMAT_DOMAIN) return DomainForm;
  return rules.format() == options::v1::FORMAT_UNSPECIFIED ? FoldedName : nullptr;
}

bool IsMoney(const FieldDescriptor& field) {
  return field.message_type() == google::type::Money::descriptor();
}

// It has values that a key can hold.
bool IsValue(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) return false;
  const Descriptor* const message = field.message_type();
  return message == nullptr || IsMoney(field) || message == google::type::Date::descriptor() ||
         message == google::protobuf::Timestamp::descriptor();
}

class Adder {
 public:
  Adder(const Descriptor& row, std::vector<Field>* fields) : row_(row), fields_(*fields) {}

  void Add(const Descriptor& message, const std::string& before, bool goes_on) {
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string path = before + field.name();
      if (IsValue(field)) AddAt(path, field);
      const Descriptor* const inner = field.message_type();
      const bool has_parts = inner != nullptr && !field.is_map() &&
                             (IsMoney(field) || absl::StartsWith(inner->full_name(), "kith."));
      if (goes_on && has_parts) Add(*inner, path + ".", false);
    }
  }

 private:
  void AddAt(const std::string& path, const FieldDescriptor& field) {
    const bool is_there = std::any_of(fields_.begin(), fields_.end(), [&](const Field& other) {
      return other.name == path || other.path == path;
    });
    if (!is_there) fields_.push_back(FieldAt(row_, path, path, NormaliseOf(field)));
  }

  const Descriptor& row_;
  std::vector<Field>& fields_;
};

}  // namespace

void AddEveryField(const Descriptor& row, std::vector<Field>* fields) {
  Adder(row, fields).Add(row, "", true);
}

}  // namespace kith::projections
