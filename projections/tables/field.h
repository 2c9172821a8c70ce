// Field: what a row can be filtered, ordered and indexed by: a name, a type, and how to get its
// values from a row.
//
// Values leave a field encoded (key_codec.h), so that comparing two of them is comparing bytes.
// Immutable once built.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/type/money.pb.h"
#include "projections/store/key_codec.h"
#include "projections/tables/time_literal.h"

namespace kith::projections {

// Brings strings that are to count as equal to one form ("Ada@Example.ORG" → "ada@example.org").
// Pure. Applied to the values of rows and to the literals of filters alike.
using Normalise = std::function<std::string(absl::string_view)>;

// ASCII letters in lower case: enough for names of fields and ids; people's names need a
// capability's own function.
std::string FoldAscii(absl::string_view text);

// Collects the values of a field of one row.
class ValueSink {
 public:
  ValueSink(const Normalise& normalise, std::vector<std::string>* values)
      : normalise_(normalise), values_(values) {}

  template <class Value>
  void Add(const Value& value) {
    std::string& encoded = values_->emplace_back();
    if constexpr (FieldTypeOf<Value>() == FieldType::kString) {
      if (normalise_) {
        AppendStringKey(normalise_(value), &encoded);
      } else {
        AppendStringKey(value, &encoded);
      }
    } else {
      AppendKey(value, &encoded);
    }
  }
  // An enum value known by its number only.
  void AddEnum(int32_t number) { AppendEnumKey(number, &values_->emplace_back()); }

 private:
  const Normalise& normalise_;
  std::vector<std::string>* values_;
};

// Encoded values from `from` (inclusive) up to `to` (exclusive; empty means no end).
struct ValueRange {
  std::string from;
  std::string to;
  bool none = false;  // nothing is in it

  bool Contains(absl::string_view value) const;
  void Intersect(const ValueRange& other);
};

// What a literal of a filter stands for: one value, or all those of a day.
struct LiteralValues {
  std::string first;
  std::string end;  // what follows them; empty when nothing can
  bool is_one = true;
  // What they are compared among, where not all values of the field are: a currency's amounts.
  ValueRange among;
};

// Collects the words of a record's names.
class WordSink {
 public:
  explicit WordSink(ValueSink& words) : words_(&words) {}
  // Collects the names as they are instead.
  explicit WordSink(std::vector<std::string>* names) : names_(names) {}

  void Add(absl::string_view name);

 private:
  ValueSink* words_ = nullptr;
  std::vector<std::string>* names_ = nullptr;
};

struct Field {
  using Getter = std::function<void(const google::protobuf::Message& row, ValueSink& out)>;

  std::string name;
  std::string path;  // in the row, by which it is known as well; empty where it is computed
  FieldType type = FieldType::kString;
  bool many = false;    // a row may have any number of values; otherwise it has exactly one
  bool single = false;  // of many: at most one, so that it has an order; who has none comes first
  Getter get;
  Normalise normalise;                                          // only of strings
  const google::protobuf::EnumDescriptor* enum_type = nullptr;  // of kEnum, where it is known
  // Whether some value can be this text; InvalidArgument says what it must be instead: "must be of
  // the form …". Null: any can.
  std::function<absl::Status(absl::string_view text)> check;
  bool alias = false;              // people call a record by it (aliases.h)
  bool is_words = false;           // words of names: their forms already are what is compared
  std::vector<std::string> links;  // patterns of the resource names that it holds, "users/{user}"
  // Its values may tell something personal: the proto says so, or it is computed of a row that has
  // something personal.
  bool personal = true;
  bool money = false;  // an amount, or a part of one
  // Of an amount without a path: what is summed; null where the row has none.
  std::function<const google::type::Money*(const google::protobuf::Message&)> amount;
  // Whether two rows have the very same in it, without encoding anything; null where it is not
  // known how. What differs may still be equal once it is encoded.
  std::function<bool(const google::protobuf::Message&, const google::protobuf::Message&)> alike;

  // The values of a row, encoded, sorted, each once.
  std::vector<std::string> ValuesOf(const google::protobuf::Message& row) const;
  // The values that a literal of a filter stands for. InvalidArgument saying what a literal of this
  // field looks like.
  absl::StatusOr<LiteralValues> ValuesFor(absl::string_view literal, const Moment& moment) const;
  // The same of a literal that is a beginning. InvalidArgument where no value can begin so.
  absl::StatusOr<ValueRange> BeginningWith(absl::string_view literal) const;
  // Whether it can hold this resource name; of a field that links nothing, any text.
  bool MayHoldName(absl::string_view name) const;
  // The value of a field that nobody has set, encoded.
  std::string Unset() const;
};

// Whether fields of the row are personal.
bool HasPersonal(const google::protobuf::Descriptor& row);

// The field at a path of the row ("owner", "emails.address"), by reflection; many when a part of
// the path is repeated. Aborts when there is no such path or its type cannot be a key.
Field FieldAt(const google::protobuf::Descriptor& row, absl::string_view name,
              absl::string_view path, Normalise normalise);

}  // namespace kith::projections
