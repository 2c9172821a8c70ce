// AddEveryField: what rows of any type can be filtered and ordered by without a declaration: the
// scalars, enums, times, dates and amounts of money of a message, and those of the messages in it,
// one step down, by their paths: "source", "amount", "amount.units", "addresses.city".
//
// Text is compared as names are (FoldedName), addresses of e-mail as those; links, ids and codes as
// they are. Pure.
#pragma once

#include <vector>

#include "google/protobuf/descriptor.h"
#include "projections/tables/field.h"

namespace kith::projections {

// Adds those whose name or path `fields` has not yet.
void AddEveryField(const google::protobuf::Descriptor& row, std::vector<Field>* fields);

}  // namespace kith::projections
