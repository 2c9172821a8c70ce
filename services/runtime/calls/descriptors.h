// Descriptors: how many the process may have, and how connections and files share them.
#pragma once

#include "absl/status/statusor.h"

namespace kith::runtime {

// Raises the soft limit of descriptors to the hard one, and answers how many there may be.
int RaiseDescriptorLimit();

// How many connections, of all ports, may be open at once where the process may have `allowed`
// descriptors: `connections_max`, or what the files of so many views leave. Fewer are told to the
// log, with what to raise. FailedPrecondition, saying so too, where hardly any would be left: views
// that cannot open their files would stop after minutes.
absl::StatusOr<int> ConnectionsBeside(int views, int allowed, int connections_max);

}  // namespace kith::runtime
