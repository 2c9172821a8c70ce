// Values of custom fields as texts: what a table, a form or a command line has. Pure; any thread.
#pragma once

#include <string>

#include "kith/custom_fields/v1/custom_field.pb.h"
#include "kith/type/v1/custom_value.pb.h"

namespace kith {

// Makes of a value that is a text one of the field's type: "12.5", "24000.50 EUR", "2026-01-31",
// "2026-01-31T12:00:00Z", "true", choices with commas. What is wrong with the text; empty where
// nothing is.
std::string ReadCustomText(const custom_fields::v1::CustomField& field,
                           type::v1::CustomValue& value);

}  // namespace kith
