// RowSums: exact sums of some fields over the rows of a list, each currency by itself. Lives for
// one list; one thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "kith/type/v1/list.pb.h"
#include "projections/tables/field.h"

namespace kith::projections {

class RowSums {
 public:
  static constexpr int kSumsMax = 10;

  // Of these of a table's fields, kSumsMax at most. ERROR_INVALID_FIELD where one is not there,
  // holds neither amounts nor whole numbers, is personal or computed, or may have many values.
  // Borrows the fields.
  static absl::StatusOr<RowSums> Of(const std::vector<Field>& fields,
                                    const google::protobuf::Message& row,
                                    const google::protobuf::RepeatedPtrField<std::string>& names);

  bool empty() const { return sums_.empty(); }
  // The first field of which it holds; null where there is none.
  const Field* FindThat(const std::function<bool(const Field&)>& holds) const;
  void Add(const google::protobuf::Message& row);
  // ERROR_OUT_OF_RANGE where a sum is beyond what an amount, or a number of 64 bits, can hold.
  absl::Status Tell(type::v1::ListSummary* summary) const;

 private:
  struct Sum {
    const Field* field;
    std::vector<const google::protobuf::FieldDescriptor*> path;
    // By currency, in billionths; of numbers, one under "".
    std::map<std::string, __int128> totals;
  };

  std::vector<Sum> sums_;
};

}  // namespace kith::projections
