// ComposedRead: a read whose reply tells several things at once, each of them what another read
// answers, all at one position. Which they are stands in the reply's proto
// (kith/options/v1/part.proto), so that a further part is a further field of it.
#pragma once

#include "google/protobuf/descriptor.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/calls/method_table.h"

namespace kith::runtime {

// Binds the method that takes this request, after those that its parts ask. Aborts where a part
// asks what is no method, a request that it does not take, or names of what is no field. Parts are
// read side by side, as far as threads of `pool` are free, each once what it is about was told.
//
// Of a part that the caller may not ask for, that is too much, or about what is not there, the
// `left_out` of the reply tells the error; any other error is that of the whole.
void BindComposedRead(const google::protobuf::Descriptor& request, MethodTable& methods,
                      Pool& pool);

}  // namespace kith::runtime
