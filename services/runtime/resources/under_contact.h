// UnderContact: the lists of what stands under a contact, whichever of its names it stands under.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/query.h"
#include "services/runtime/calls/read_call.h"

namespace kith::runtime {

// The view that a read of such a list needs, beside its own.
inline constexpr absl::string_view kContactDirectory = "contact_directory";

// Holds of the rows whose field "contact" names the contact: by its own name, or by that of one
// that was merged into it, as of the position of the directory. Touches the disk.
absl::StatusOr<projections::Expression> UnderContact(const ReadContext& context,
                                                     const projections::ViewSnapshot& contacts,
                                                     const std::string& contact);

}  // namespace kith::runtime
