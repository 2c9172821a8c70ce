// References: where requests name records that belong to somebody, found by descriptors: in fields
// that may hold such a name, in the resource of an update, and in both within the requests of a
// batch. What a new resource links is another test's.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/conformance/fields.h"
#include "tests/conformance/kind.h"

namespace kith::testing {

struct Reference {
  const Kind* kind = nullptr;  // whose record it is; the kind has owners
  std::string path;            // "name", "contact.name", "requests.names"
  std::string below;  // "interactions", of what stands under the record; empty: it is the record
};

struct References {
  std::vector<Reference> found;
  // Fields that look as if they named a record, and of which nothing says what record it may be.
  std::vector<std::string> unknown;
};

// Whether its records have owners, whoever sets these.
bool BelongsToSomebody(const Kind& kind);

References ReferencesIn(const Descriptor& request);

// The request names that there, and nothing else; of a repeated field on the way its first element.
void SetReference(Message& request, absl::string_view path, absl::string_view name);

}  // namespace kith::testing
